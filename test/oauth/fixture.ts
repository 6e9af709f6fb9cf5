/** A client of an authorization server that gives scripted answers and records the requests it receives. */
import type { Dialect, OAuthServer } from '../../lib/oauth/server.ts';
import type { TokenClient } from '../../lib/oauth/token/token-endpoint.ts';
import type { PlatformRequest, PlatformResponse } from '../../lib/platform-http/platform-http.ts';
import { Secret } from '../../lib/telemetry/secret.ts';

export const now = Date.UTC(2026, 10, 20, 12);

export function serverWith(dialect: Partial<Dialect> = {}, changes: Partial<OAuthServer> = {}): OAuthServer {
  return {
    endpoints: {
      authorization: 'https://platform.example/authorize',
      token: 'https://platform.example/token',
      revocation: 'https://platform.example/revoke',
      profile: 'https://platform.example/me',
    },
    issuerInResponse: false,
    dialect: {
      clientAuthentication: 'client_secret_post',
      clientIdParameter: 'client_id',
      scopeSeparator: ' ',
      pkce: 'none',
      authorizationParameters: {},
      idToken: false,
      errors: {},
      headers: {},
      ...dialect,
    },
    ...changes,
  };
}

/** An answer that arrived whole. */
export function answered(
  body: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): PlatformResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { kind: 'answered', status, headers: new Headers(headers), body: text };
}

/** A client whose platform gives these answers in turn and repeats the last one. */
export function clientOf(
  server: OAuthServer,
  ...answers: readonly PlatformResponse[]
): { readonly client: TokenClient; readonly requests: readonly PlatformRequest[] } {
  const requests: PlatformRequest[] = [];
  const client: TokenClient = {
    server,
    registration: { clientId: 'client', clientSecret: new Secret('s4ndb0x-secret') },
    http: async (request) => {
      requests.push(request);
      return answers[requests.length - 1] ?? answers.at(-1) ?? { kind: 'unreachable' };
    },
    now: () => now,
  };
  return { client, requests };
}

/** The form that was sent with a request. */
export function formOf(request: PlatformRequest | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(new URLSearchParams(String(request?.body ?? '')));
}
