/**
 * The sandbox of Reddit: OAuth on the web host, identity on the API host, as Reddit's pages and its archived source describe them.
 * https://github.com/reddit-archive/reddit/wiki/OAuth2 · https://github.com/reddit-archive/reddit/blob/master/r2/r2/controllers/oauth2.py
 */
import { randomBytes } from 'node:crypto';
import type {
  AuthorizeReading,
  Call,
  ConsentDialect,
  Dialect,
  JsonObject,
  Platform,
  Reply,
  Route,
} from '../../sandbox/dialect.ts';
import type { Issued } from '../../sandbox/grants.ts';
import { openRateBudget } from '../../sandbox/rate-budget.ts';
import { basicOf, empty, escapeHtml, formOf, html, json, withParameters } from '../../sandbox/reply.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/sandbox.ts';
import type { SandboxClient } from '../../sandbox/sandbox-client.ts';
import { accounts, httpError, identity } from './identity.ts';
import { type Modes, modes } from './modes.ts';
import { scopeCatalogue, scopes } from './scopes.ts';

/** Starts the Reddit sandbox: `origin` is www.reddit.com, `apiOrigin` is oauth.reddit.com. */
export function startReddit(options: SandboxOptions): Promise<Sandbox> {
  return startSandbox(reddit, options);
}

export const reddit: Dialect<Modes> = {
  title: 'Reddit',
  separateApiHost: true,
  accounts,
  // Ten minutes for codes are from the archived source; a refresh token has no stated end.
  lifetimes: { accessTokenSeconds: 86_400, refreshTokenSeconds: null, codeSeconds: 600 },
  modes,
  // Access tokens are long and look like JWTs, so that a store with a narrow column shows.
  mint: {
    code: () => `s4ndb0x${random(18)}`,
    access: () => `eyJhbGciOiJSUzI1NiJ9.s4ndb0x${random(420)}.${random(192)}`,
    refresh: () => `118004217733-s4ndb0x${random(24)}`,
  },
  subjectOf: ({ key }) => accounts.find((account) => account.key === key)?.id ?? key,
  failure: (_endpoint, status) => httpError(status),
  consent: consentOf,
  routes: routesOf,
};

function routesOf(platform: Platform<Modes>): readonly Route[] {
  const budget = openRateBudget(platform.now, () => {
    const { rateBudget, rateWindowSeconds } = platform.modes();
    return { calls: rateBudget, windowSeconds: rateWindowSeconds };
  });
  const gated = (handle: (call: Call) => Reply) => (call: Call) =>
    refuseUserAgent(call, platform) ?? handle(call);
  const tokenGate = (handle: (call: Call) => Reply) => (call: Call) =>
    platform.modes().userAgentGateOnTokens ? gated(handle)(call) : handle(call);
  return [
    {
      method: 'POST',
      host: 'web',
      path: '/api/v1/access_token',
      endpoint: 'token',
      handle: tokenGate((call) => token(call, platform)),
    },
    {
      method: 'POST',
      host: 'web',
      path: '/api/v1/revoke_token',
      endpoint: 'revoke',
      handle: tokenGate((call) => revoke(call, platform)),
    },
    {
      method: 'GET',
      host: 'web',
      path: '/api/v1/scopes',
      endpoint: 'other',
      handle: gated(() => json(200, scopeCatalogue())),
    },
    // A bearer token means nothing on the web host: the caller stays a stranger there.
    {
      method: 'GET',
      host: 'web',
      path: '/api/v1/me',
      endpoint: 'other',
      handle: gated(() => json(403, httpError(403))),
    },
    {
      method: 'GET',
      host: 'api',
      path: '/api/v1/me',
      endpoint: 'profile',
      handle: gated((call) => identity(call, platform, budget)),
    },
  ];
}

function consentOf(platform: Platform<Modes>): ConsentDialect {
  const back = (redirectUri: string, parameters: Readonly<Record<string, string>>) =>
    withParameters(redirectUri, parameters) + (platform.modes().trailingFragment ? '#_' : '');
  return {
    paths: ['/api/v1/authorize', '/api/v1/authorize.compact'],
    scopes,
    read: (query) => readAuthorize(query, platform),
    approved: ({ redirectUri, state }, code) => back(redirectUri, { state, code }),
    denied: ({ redirectUri, state }) => back(redirectUri, { state, error: 'access_denied' }),
  };
}

/** For any error in the request Reddit shows a page instead of redirecting the browser. */
function readAuthorize(query: URLSearchParams, platform: Platform<Modes>): AuthorizeReading {
  const page = (message: string): AuthorizeReading => ({ kind: 'page', status: 400, message });
  const client = platform.client(query.get('client_id') ?? '');
  if (client === undefined) return page('invalid client id');
  const redirectUri = query.get('redirect_uri') ?? '';
  if (!client.redirectUris.includes(redirectUri)) return page('invalid redirect_uri parameter');
  if (query.get('response_type') !== 'code') return page('invalid response type');
  const requested = [...new Set((query.get('scope') ?? '').split(/[ ,]+/))];
  if (requested.some((scope) => !Object.hasOwn(scopes, scope))) return page('invalid scope requested');
  const state = query.get('state') ?? '';
  const duration = query.get('duration') ?? 'temporary';
  if (state === '' || !['temporary', 'permanent'].includes(duration)) return page('that option is not valid');
  const refreshable = duration === 'permanent';
  return { kind: 'ask', request: { client, redirectUri, state, scopes: requested, refreshable } };
}

/** The client is checked before the body is looked at. A body of another type has no grant type. */
function token(call: Call, platform: Platform<Modes>): Reply {
  const client = authenticate(call, platform);
  if (client === undefined) return unauthorizedClient();
  const form = formOf(call);
  switch (form?.get('grant_type')) {
    case 'authorization_code':
      return exchange(form, client, platform);
    case 'refresh_token':
      return refresh(form, client, platform);
    default:
      return json(platform.modes().oauthErrorStatus, { error: 'unsupported_grant_type' });
  }
}

function exchange(
  form: URLSearchParams | undefined,
  client: SandboxClient,
  platform: Platform<Modes>,
): Reply {
  const { grants, modes } = platform;
  const code = form?.get('code');
  const redirectUri = form?.get('redirect_uri');
  if (!code || !redirectUri) return json(modes().oauthErrorStatus, { error: 'invalid_request' });
  const pending = grants.presentCode(code);
  if (pending?.clientId !== client.clientId || pending.redirectUri !== redirectUri) {
    return json(modes().oauthErrorStatus, { error: 'invalid_grant' });
  }
  return json(200, tokenBody(grants.redeem(pending), platform), noStore);
}

function refresh(form: URLSearchParams | undefined, client: SandboxClient, platform: Platform<Modes>): Reply {
  const { grants, modes } = platform;
  const found = grants.presentRefreshToken(form?.get('refresh_token') ?? '');
  if (found.kind === 'live' && found.grant.clientId === client.clientId) {
    const issued = grants.refresh(found.grant, { rotate: modes().rotation === 'rotating' });
    return json(200, tokenBody(issued, platform), noStore);
  }
  if (found.kind === 'spent' && modes().refreshReuse === 'ends_grant') grants.endGrant(found.grant);
  const { deadRefreshError: error } = modes();
  return json(400, error === 'bad_request' ? httpError(400) : { error });
}

/** Succeeds when the token is no longer good afterwards, whether or not it was before (RFC 7009). */
function revoke(call: Call, platform: Platform<Modes>): Reply {
  const { grants, modes } = platform;
  const client = authenticate(call, platform);
  if (client === undefined) return unauthorizedClient();
  const presented = formOf(call)?.get('token') ?? '';
  const byAccess = grants.ofAccessToken(presented);
  const byRefresh = byAccess ? undefined : grants.ofRefreshToken(presented);
  const grant = byAccess ?? byRefresh;
  if (grant && grant.clientId !== client.clientId) return json(400, { error: 'unauthorized_client' });
  if (byAccess) grants.endAccessToken(presented);
  if (byRefresh) grants.endGrant(byRefresh);
  return empty(modes().revokeStatus);
}

/** The answer names a refresh token only when it is new; without one the old one stays good. */
function tokenBody({ grant, accessToken, newRefreshToken }: Issued, platform: Platform<Modes>): JsonObject {
  return {
    access_token: accessToken,
    token_type: 'bearer',
    expires_in: platform.lifetimes().accessTokenSeconds,
    scope: grant.scopes.join(platform.modes().scopeSeparator),
    ...(newRefreshToken && { refresh_token: newRefreshToken }),
  };
}

/** HTTP Basic only: credentials in the body are not looked at. */
function authenticate(call: Call, { client }: Platform<Modes>): SandboxClient | undefined {
  const basic = basicOf(call);
  const found = client(basic?.name ?? '');
  return found?.clientSecret === basic?.password ? found : undefined;
}

/** The names that libraries and tools give when their user gives none. */
const defaultUserAgent =
  /^(?:node|undici|node-fetch|axios|got|needle|superagent|curl|wget|python|aiohttp|go-http-client|java|okhttp|ruby|php|guzzle|postman|insomnia|bun|deno)\b/i;

function refuseUserAgent(call: Call, { modes }: Platform<Modes>): Reply | undefined {
  const name = call.headers['user-agent']?.trim() ?? '';
  if (name !== '' && !defaultUserAgent.test(name)) return undefined;
  if (modes().userAgentRefusal === 429) return json(429, httpError(429));
  const shown = escapeHtml(name.slice(0, 64));
  return html(
    403,
    `<!doctype html><title>Blocked</title><h1>whoa there, pardner!</h1><p>Your request was blocked by network security: "${shown}" is no User-Agent of your own.</p>`,
  );
}

function unauthorizedClient(): Reply {
  return json(401, httpError(401), { 'www-authenticate': 'Basic realm="reddit"' });
}

const noStore = { 'cache-control': 'no-store' };

function random(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}
