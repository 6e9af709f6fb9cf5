/**
 * The default adapter: what every platform can be asked, built from its definition's data. A platform that needs more
 * lays its own functions over it; nothing here knows any platform by name.
 */
import { jsonObject, jsonValue } from '../../json.ts';
import { authorizationUrl } from '../../oauth/authorization-url.ts';
import { classifyFailure, type TokenAccount } from '../../oauth/outcome.ts';
import { revokeToken } from '../../oauth/revocation-endpoint.ts';
import type { Endpoints, OAuthServer } from '../../oauth/server.ts';
import { redeemCode, refreshTokens } from '../../oauth/token/token-endpoint.ts';
import type { PlatformHttp, PlatformResponse } from '../../platform-http/platform-http.ts';
import type { ConsentProvider } from '../provider.ts';
import { dialectOf } from './dialect.ts';
import type { Values } from './fill.ts';
import type { AppRegistration, PlatformAdapter, ProfileOutcome } from './platform-adapter.ts';
import { profileRequest } from './profile-request.ts';
import { readProfile } from './read-profile.ts';

/** Where a provider app's platform is, as it is frozen into flows. */
export interface PlatformTarget {
  readonly endpoints: Endpoints;
  readonly issuer?: string;
  readonly issuerInResponse: boolean;
  /** The connection's variables, for headers and parameters that hold them. */
  readonly variables?: Values;
}

/** What an authorization URL is made of; needs no secret. Browsers are sent to it through `rewriteOrigin`. */
export function getAuthUrl(
  provider: ConsentProvider,
  target: PlatformTarget,
  request: Parameters<typeof authorizationUrl>[1],
): string {
  const values = { ...target.variables, clientId: request.clientId };
  return authorizationUrl({ ...target, dialect: dialectOf(provider, values) }, request);
}

export function createAdapter(deps: {
  readonly provider: ConsentProvider;
  readonly target: PlatformTarget;
  readonly app: AppRegistration;
  readonly http: PlatformHttp;
  readonly now: () => number;
}): PlatformAdapter {
  const { provider, target, app, http, now } = deps;
  const { data, code } = provider;
  const defaults = Object.entries(provider.optionalSettings).map(([name, { default: usual }]) => [
    name,
    usual,
  ]);
  const missing = Object.keys(provider.appSettings).map((name) => [name, '']);
  const values: Values = {
    ...Object.fromEntries([...defaults, ...missing]),
    ...app.settings,
    ...target.variables,
    clientId: app.clientId,
  };
  const server: OAuthServer = { ...target, dialect: dialectOf(provider, values) };
  const client = { server, registration: app, http, now };

  const standard: PlatformAdapter = {
    exchangeCodeForToken: (redemption) => redeemCode(client, redemption),

    refreshAccessToken: (refreshToken) => refreshTokens(client, refreshToken),

    async getUserProfile(accessToken, scopes, named) {
      const url = server.endpoints.profile;
      if (url === undefined) return named ? { kind: 'accounts', accounts: [named] } : unnamed;
      const request = profileRequest(data, {
        url,
        values: {
          ...values,
          accessToken: accessToken.reveal(),
          clientSecret: app.clientSecret.reveal(),
          ...(named && { accountId: named.accountId }),
        },
        ...(code.profileQuery && { query: code.profileQuery(scopes) }),
      });
      // Reading changes nothing at the platform, so one hiccup need not cost the user a new consent.
      const first = await http(request);
      return readAnswer(isHiccup(first) ? await http(request) : first, named);
    },

    async revokeAccess(tokens) {
      const wanted = provider.revocation?.token ?? 'access_token';
      const token =
        wanted === 'refresh_token' && tokens.refreshToken ? tokens.refreshToken : tokens.accessToken;
      return revokeToken(client, token, token === tokens.accessToken ? 'access_token' : 'refresh_token');
    },
  };
  return { ...standard, ...code.adapt?.(standard, { server, app, http, now }) };

  function readAnswer(answer: PlatformResponse, named: TokenAccount | undefined): ProfileOutcome {
    if (answer.kind === 'answered' && answer.status < 300) {
      const reading = readProfileOf(provider, answer.body);
      if (reading?.kind === 'accounts') return reading;
      // A server whose metadata names a userinfo endpoint may leave the rest to the ID token.
      if (named && data.profile === undefined) return { kind: 'accounts', accounts: [named] };
    }
    const failure = classifyFailure(answer, provider.errors, now(), provider.readRefusal);
    // At a resource, 401 speaks of the token and not of our client.
    if (answer.kind === 'answered' && answer.status === 401)
      return { kind: 'reconnect_required', reason: failure.reason };
    return failure;
  }
}

/** Neither a call nor the token answer names the account; the next answer may. */
const unnamed = { kind: 'retryable', reason: 'account_unnamed' } as const;

/** What the body of a successful profile answer says. */
function readProfileOf({ data, code }: ConsentProvider, body: string) {
  if (code.readProfile === undefined) return readProfile(data, jsonValue(body));
  const object = jsonObject(body);
  return object && code.readProfile(object);
}

function isHiccup(answer: PlatformResponse): boolean {
  return answer.kind !== 'answered' || answer.status >= 500;
}
