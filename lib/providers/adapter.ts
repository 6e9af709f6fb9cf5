/**
 * The default adapter: what every platform can be asked, built from its definition's data. A provider that needs
 * more says so in its definition; nothing here knows any platform by name.
 */
import { authorizationUrl } from '../oauth/authorization-url.ts';
import { classifyFailure, jsonObject } from '../oauth/outcome.ts';
import { revokeToken } from '../oauth/revocation-endpoint.ts';
import type { Endpoints, OAuthServer } from '../oauth/server.ts';
import { redeemCode, refreshTokens } from '../oauth/token-endpoint.ts';
import type { Answer, PlatformHttp } from '../platform-http/platform-http.ts';
import type { OAuthProvider } from './definition.ts';
import type { AppRegistration, PlatformAdapter, ProfileOutcome } from './platform-adapter.ts';

/** What an authorization URL is made of; needs no secret. */
export function getAuthUrl(
  provider: OAuthProvider,
  target: { readonly endpoints: Endpoints; readonly issuer?: string; readonly issuerInResponse: boolean },
  request: Parameters<typeof authorizationUrl>[1],
): string {
  return authorizationUrl({ ...target, dialect: dialectOf(provider, {}) }, request);
}

export function createAdapter(parts: {
  readonly provider: OAuthProvider;
  readonly target: {
    readonly endpoints: Endpoints;
    readonly issuer?: string;
    readonly issuerInResponse: boolean;
  };
  readonly app: AppRegistration;
  readonly http: PlatformHttp;
  readonly now: () => number;
}): PlatformAdapter {
  const { provider, app, http, now } = parts;
  const server: OAuthServer = { ...parts.target, dialect: dialectOf(provider, app.settings) };
  const client = { server, registration: app, http, now };

  const standard: PlatformAdapter = {
    exchangeCodeForToken: (redemption) => redeemCode(client, redemption),

    refreshAccessToken: (refreshToken) => refreshTokens(client, refreshToken),

    async getUserProfile(accessToken, scopes) {
      const url = new URL(server.endpoints.profile);
      for (const [name, value] of Object.entries(provider.profile.query?.(scopes) ?? {})) {
        url.searchParams.set(name, value);
      }
      const ask = () =>
        http({
          url: url.href,
          method: 'GET',
          timeoutMilliseconds: readTimeoutMilliseconds,
          headers: { ...server.dialect.headers, authorization: `Bearer ${accessToken.reveal()}` },
        });
      // Reading changes nothing at the platform, so one hiccup need not cost the user a new consent.
      const first = await ask();
      const answer = isHiccup(first) ? await ask() : first;
      return readProfile(answer);
    },

    async revokeAccess(tokens) {
      const wanted = provider.revocation.token;
      const token =
        wanted === 'refresh_token' && tokens.refreshToken ? tokens.refreshToken : tokens.accessToken;
      return revokeToken(client, token, token === tokens.accessToken ? 'access_token' : 'refresh_token');
    },
  };
  return { ...standard, ...provider.adapt?.(standard, { server, app, http, now }) };

  function readProfile(answer: Answer): ProfileOutcome {
    const body = answer.kind === 'answered' ? jsonObject(answer.body) : undefined;
    if (answer.kind === 'answered' && body !== undefined && answer.status < 300) {
      const reading = provider.profile.read(body);
      if (reading.kind === 'accounts') return reading;
    }
    const failure = classifyFailure(answer, provider.errors, now(), provider.readRefusal);
    // At a resource, 401 speaks of the token and not of our client.
    if (answer.kind === 'answered' && answer.status === 401)
      return { kind: 'reconnect_required', reason: failure.reason };
    return failure;
  }
}

/** Two tries of a profile and a token call must fit into one gateway request of 30 s. */
const readTimeoutMilliseconds = 4_000;

function dialectOf(
  provider: OAuthProvider,
  settings: Readonly<Record<string, string>>,
): OAuthServer['dialect'] {
  return {
    clientAuthentication: provider.client.authentication,
    clientIdParameter: provider.client.idParameter ?? 'client_id',
    scopeSeparator: provider.scopes.separator,
    pkce: provider.pkce,
    authorizationParameters: provider.authorizationParameters ?? {},
    idToken: provider.idToken ?? false,
    ...(provider.tokens.subjectField !== undefined && { subjectField: provider.tokens.subjectField }),
    errors: provider.errors,
    ...(provider.tokens.readAnswer && { readTokenAnswer: provider.tokens.readAnswer }),
    ...(provider.readRefusal && { readRefusal: provider.readRefusal }),
    headers: provider.headers?.(settings) ?? {},
  };
}

function isHiccup(answer: Answer): boolean {
  return answer.kind !== 'answered' || answer.status >= 500;
}
