/** Builds requests to the token endpoint, client authentication included, without any I/O. */
import type { PlatformRequest } from '../../platform-http/platform-http.ts';
import type { Secret } from '../../telemetry/secret.ts';
import {
  authenticateClient,
  type ClientAuthentication,
  type ClientRegistration,
  type Dialect,
  type OAuthServer,
  type RequestFormat,
} from '../server.ts';

export interface CodeRedemption {
  readonly code: Secret;
  readonly redirectUri: string;
  readonly verifier?: Secret;
  readonly nonce?: string;
}

interface Client {
  readonly server: OAuthServer;
  readonly registration: ClientRegistration;
}

/**
 * Redeems an authorization code.
 * https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3 https://www.rfc-editor.org/rfc/rfc7636#section-4.5
 */
export function codeRequest({ server, registration }: Client, redemption: CodeRedemption): PlatformRequest {
  const { dialect, endpoints } = server;
  const names = dialect.parameterNames;
  return authenticatedRequest(dialect, registration, {
    url: endpoints.token,
    format: dialect.tokenRequestFormat ?? 'form',
    authentication: dialect.clientAuthentication,
    parameters: {
      grant_type: 'authorization_code',
      [names?.code ?? 'code']: redemption.code.reveal(),
      [names?.redirectUri ?? 'redirect_uri']: redemption.redirectUri,
      ...(redemption.verifier && { code_verifier: redemption.verifier.reveal() }),
      ...dialect.tokenParameters,
    },
  });
}

/** A refresh response may bring an ID token with a picture or hundreds of groups before the new refresh token. */
const largestRefreshBytes = 1_024 * 1_024;

/** Spends a refresh token. https://www.rfc-editor.org/rfc/rfc6749#section-6 */
export function refreshRequest({ server, registration }: Client, refreshToken: Secret): PlatformRequest {
  const { dialect, endpoints } = server;
  const request = authenticatedRequest(dialect, registration, {
    url: endpoints.refresh ?? endpoints.token,
    format: dialect.tokenRequestFormat ?? 'form',
    authentication: dialect.refreshClientAuthentication ?? dialect.clientAuthentication,
    parameters: {
      grant_type: 'refresh_token',
      [dialect.parameterNames?.refreshToken ?? 'refresh_token']: refreshToken.reveal(),
      ...dialect.refreshParameters,
    },
  });
  return { ...request, largestBytes: largestRefreshBytes, keepHead: true };
}

/** Builds a request in the platform's format; it omits parameters with an empty value. */
export function authenticatedRequest(
  dialect: Dialect,
  registration: ClientRegistration,
  call: {
    readonly url: string;
    readonly format: RequestFormat;
    readonly parameters: Readonly<Record<string, string>>;
    /** Absent where the endpoint takes no client authentication. */
    readonly authentication?: ClientAuthentication;
    readonly method?: PlatformRequest['method'];
    readonly headers?: Readonly<Record<string, string>>;
  },
): PlatformRequest {
  const body = new URLSearchParams(Object.entries(call.parameters).filter(([, value]) => value !== ''));
  const headers = new Headers({ accept: 'application/json', ...dialect.headers, ...call.headers });
  if (call.authentication !== undefined) {
    const authenticate = authenticateClient(
      { ...dialect, clientAuthentication: call.authentication },
      registration,
    );
    authenticate(body, headers);
  }
  const method = call.method ?? (call.format === 'query' ? 'GET' : 'POST');
  if (call.format === 'query' || method === 'GET') {
    const url = new URL(call.url);
    for (const [name, value] of body) url.searchParams.set(name, value);
    return { url: url.href, method, headers: Object.fromEntries(headers) };
  }
  const isJson = call.format === 'json';
  headers.set('content-type', isJson ? 'application/json' : 'application/x-www-form-urlencoded');
  return {
    url: call.url,
    method,
    headers: Object.fromEntries(headers),
    body: isJson ? JSON.stringify(Object.fromEntries(body)) : body,
  };
}
