/**
 * The sandbox of TikTok: Login Kit for Web v2 and the user info endpoint, as TikTok's pages of November 2026 describe them.
 * https://developers.tiktok.com/doc/login-kit-web · https://developers.tiktok.com/doc/oauth-user-access-token-management
 */
import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
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
import { empty, formOf, json, withParameters } from '../../sandbox/reply.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/sandbox.ts';
import type { SandboxClient } from '../../sandbox/sandbox-client.ts';
import { accounts, envelope, logId, scopes, userInfo } from './user.ts';
import { tiktokWebhooks } from './webhooks.ts';

/** Starts the TikTok sandbox; everything is on one origin. */
export function startTikTok(options: SandboxOptions): Promise<Sandbox> {
  return startSandbox(tiktok, options);
}

const modes = z.strictObject({
  /** TikTok documents no statuses for OAuth errors; clients have met `invalid_grant` under 200. */
  oauthErrorStatus: z.enum(['by_error', 'always_200']).default('by_error'),
  /** `rotating` since November 2026; before, the refresh token could stay the same. */
  rotation: z.enum(['rotating', 'fixed']).default('rotating'),
  /** What a spent refresh token does besides being refused; TikTok does not say. */
  refreshReuse: z.enum(['refused', 'ends_grant']).default('refused'),
  /** How revoke takes a token that is no longer good; TikTok does not say. */
  deadTokenRevoke: z.enum(['refused', 'accepted']).default('refused'),
  /** Which of its two documented errors answers a field beyond the granted scopes. */
  excessField: z.enum(['scope_not_authorized', 'scope_permission_missed']).default('scope_not_authorized'),
  /** Whether the retry of a webhook has a time and a signature of its own; TikTok does not say. */
  webhookRetrySignature: z.enum(['fresh', 'first']).default('fresh'),
});
type Modes = z.output<typeof modes>;

/** What an injected status says: the code of the OAuth endpoints, and that of the resource endpoints. */
const failureCodes: Readonly<Record<number, readonly [oauth: string, resource: string]>> = {
  400: ['invalid_request', 'invalid_params'],
  401: ['invalid_client', 'access_token_invalid'],
  403: ['unauthorized_client', 'scope_not_authorized'],
  429: ['temporarily_unavailable', 'rate_limit_exceeded'],
};

export const tiktok: Dialect<Modes> = {
  title: 'TikTok',
  separateApiHost: false,
  accounts,
  // The code's lifetime is not documented; ten minutes is what other platforms give.
  lifetimes: { accessTokenSeconds: 7_200, refreshTokenSeconds: 15_552_000, codeSeconds: 600 },
  modes,
  // The exclamation mark is TikTok's: it makes a code change when it is percent-encoded once too often.
  mint: {
    code: () => `s4ndb0x${random()}*3!4718.va`,
    access: () => `act.s4ndb0x${random()}!4718.va`,
    refresh: () => `rft.s4ndb0x${random()}!4718.va`,
  },
  // An open id belongs to one user and one client.
  subjectOf: ({ key }, clientKey) => openIdOf(key, clientKey),
  failure: (endpoint, status) => {
    const [oauth, resource] = failureCodes[status] ?? ['server_error', 'internal_error'];
    const words = 'The request was not fulfilled.';
    return endpoint === 'profile' ? envelope(resource, words) : flatError(oauth, words);
  },
  consent: consentOf,
  webhooks: ({ now, modes }) =>
    tiktokWebhooks({
      now,
      openIdOf: (account, { clientId }) =>
        accounts.some(({ key }) => key === account) ? openIdOf(account, clientId) : account,
      retrySignature: () => modes().webhookRetrySignature,
    }),
  routes: (platform): readonly Route[] => [
    {
      method: 'POST',
      host: 'web',
      path: '/v2/oauth/token/',
      endpoint: 'token',
      handle: (call) => token(call, platform),
    },
    {
      method: 'POST',
      host: 'web',
      path: '/v2/oauth/revoke/',
      endpoint: 'revoke',
      handle: (call) => revoke(call, platform),
    },
    {
      method: 'GET',
      host: 'web',
      path: '/v2/user/info/',
      endpoint: 'profile',
      handle: (call) => userInfo(call, platform),
    },
  ],
};

function openIdOf(key: string, clientKey: string): string {
  return `-000${createHash('sha256').update(`${clientKey}\n${key}`).digest('base64url').slice(0, 32)}`;
}

function consentOf(platform: Platform<Modes>): ConsentDialect {
  return {
    paths: ['/v2/auth/authorize/'],
    scopes,
    read: (query) => readAuthorize(query, platform),
    approved: ({ redirectUri, state }, code, granted) =>
      withParameters(redirectUri, { code, scopes: granted.join(','), state }),
    denied: ({ redirectUri, state }) =>
      withParameters(redirectUri, {
        error: 'access_denied',
        error_description: 'The user did not allow the access.',
        state,
      }),
  };
}

function readAuthorize(query: URLSearchParams, platform: Platform<Modes>): AuthorizeReading {
  const client = platform.client(query.get('client_key') ?? '');
  if (client === undefined) return { kind: 'page', status: 400, message: 'The client_key is not known.' };
  const redirectUri = query.get('redirect_uri') ?? '';
  if (!client.redirectUris.includes(redirectUri)) {
    return { kind: 'page', status: 400, message: 'The redirect_uri is not registered for this client.' };
  }

  const state = query.get('state') ?? '';
  const back = (error: string, error_description: string): AuthorizeReading => ({
    kind: 'redirect',
    location: withParameters(redirectUri, { error, error_description, ...(state && { state }) }),
  });
  if (query.get('response_type') !== 'code') {
    return back('unsupported_response_type', 'The response_type must be code.');
  }
  if (state === '') return back('invalid_request', 'The state is missing.');
  const requested = [...new Set((query.get('scope') ?? '').split(','))];
  if (requested.some((scope) => !Object.hasOwn(scopes, scope))) {
    return back('invalid_scope', 'A scope is unknown. Scopes are joined with commas.');
  }
  const challenge = query.get('code_challenge');
  if (challenge !== null && query.get('code_challenge_method') !== 'S256') {
    return back('invalid_request', 'The code_challenge_method must be S256.');
  }
  return {
    kind: 'ask',
    request: {
      client,
      redirectUri,
      state,
      scopes: requested,
      refreshable: true,
      ...(challenge !== null && { challenge }),
    },
  };
}

function token(call: Call, platform: Platform<Modes>): Reply {
  const fail = failWith(platform);
  const form = formOf(call);
  if (form === undefined)
    return fail('invalid_request', 'The body must be application/x-www-form-urlencoded.');
  const client = authenticate(form, platform);
  if (client === undefined) return fail('invalid_client', 'Client key or secret is incorrect.');

  switch (form.get('grant_type')) {
    case 'authorization_code':
      return exchange(form, client, platform);
    case 'refresh_token':
      return refresh(form, client, platform);
    case null:
      return fail('invalid_request', 'The grant_type is missing.');
    default:
      return fail('unsupported_grant_type', 'The grant_type is not supported.');
  }
}

function exchange(form: URLSearchParams, client: SandboxClient, platform: Platform<Modes>): Reply {
  const fail = failWith(platform);
  const code = form.get('code');
  const redirectUri = form.get('redirect_uri');
  if (!code || !redirectUri) return fail('invalid_request', 'The code or the redirect_uri is missing.');
  const pending = platform.grants.presentCode(code);
  if (pending === undefined || pending.clientId !== client.clientId) {
    return fail('invalid_grant', 'Authorization code is expired or not known.');
  }
  if (pending.redirectUri !== redirectUri) {
    return fail('invalid_grant', 'The redirect_uri does not match the one the code was requested with.');
  }
  if (
    pending.challenge !== undefined &&
    pending.challenge !== hexChallenge(form.get('code_verifier') ?? '')
  ) {
    return fail('invalid_request', 'Code verifier or code challenge is invalid.');
  }
  return json(200, tokenBody(platform.grants.redeem(pending), platform), noStore);
}

function refresh(form: URLSearchParams, client: SandboxClient, platform: Platform<Modes>): Reply {
  const { grants, modes } = platform;
  const fail = failWith(platform);
  const presented = form.get('refresh_token');
  if (!presented) return fail('invalid_request', 'The refresh_token is missing.');
  const found = grants.presentRefreshToken(presented);
  if (found.kind === 'live' && found.grant.clientId === client.clientId) {
    const issued = grants.refresh(found.grant, { rotate: modes().rotation === 'rotating' });
    return json(200, tokenBody(issued, platform), noStore);
  }
  if (found.kind === 'spent' && modes().refreshReuse === 'ends_grant') grants.endGrant(found.grant);
  return fail('invalid_grant', 'Refresh token is invalid or expired.');
}

/** Revoking takes the user's whole authorization of the client away, not one token of it. */
function revoke(call: Call, platform: Platform<Modes>): Reply {
  const fail = failWith(platform);
  const form = formOf(call);
  if (form === undefined)
    return fail('invalid_request', 'The body must be application/x-www-form-urlencoded.');
  const client = authenticate(form, platform);
  if (client === undefined) return fail('invalid_client', 'Client key or secret is incorrect.');
  const grant = platform.grants.ofAccessToken(form.get('token') ?? '');
  if (grant === undefined || grant.clientId !== client.clientId) {
    const accepted = platform.modes().deadTokenRevoke === 'accepted';
    return accepted ? empty(200) : fail('invalid_request', 'The access token is invalid or expired.');
  }
  platform.grants.end({ account: grant.account, clientId: grant.clientId }, 'client');
  return empty(200);
}

/** Flat, without a `data` wrapper, and the same for both grants. */
function tokenBody({ grant, accessToken }: Issued, { now, lifetimes }: Platform<Modes>): JsonObject {
  const refreshToken = grant.refreshToken;
  return {
    access_token: accessToken,
    expires_in: lifetimes().accessTokenSeconds,
    open_id: grant.subject,
    ...(refreshToken && {
      refresh_expires_in:
        refreshToken.expiresAt === null ? null : Math.floor((refreshToken.expiresAt - now()) / 1000),
      refresh_token: refreshToken.token,
    }),
    scope: grant.scopes.join(','),
    token_type: 'Bearer',
  };
}

/** Credentials count in the form body only; a Basic header is not looked at. */
function authenticate(form: URLSearchParams, { client }: Platform<Modes>): SandboxClient | undefined {
  const found = client(form.get('client_key') ?? '');
  return found?.clientSecret === form.get('client_secret') ? found : undefined;
}

function failWith({ modes }: Platform<Modes>) {
  return (error: string, description: string): Reply => {
    const status = error === 'invalid_client' ? 401 : 400;
    return json(modes().oauthErrorStatus === 'always_200' ? 200 : status, flatError(error, description));
  };
}

const noStore = { 'cache-control': 'no-store' };

/** The error of the OAuth endpoints: `error` is a text. */
function flatError(error: string, error_description: string): JsonObject {
  return { error, error_description, log_id: logId() };
}

/** TikTok wants the challenge in hexadecimal, where RFC 7636 says base64url. */
function hexChallenge(verifier: string): string {
  return createHash('sha256').update(verifier).digest('hex');
}

function random(): string {
  return randomBytes(32).toString('base64url');
}
