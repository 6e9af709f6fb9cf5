/**
 * The sandbox of the Instagram API with Instagram Login: consent and short-lived tokens on the web host
 * (www.instagram.com and api.instagram.com), everything else on the API host (graph.instagram.com).
 * https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-instagram-login/business-login
 */
import { randomBytes } from 'node:crypto';
import type { Call, Dialect, JsonObject, Platform, Reply, Route } from '../../sandbox/dialect.ts';
import { formOf, json } from '../../sandbox/reply.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/sandbox.ts';
import { type MetaConsent, metaConsent } from '../meta/consent.ts';
import { graphError, graphFailure, graphVersions, withNumbers } from '../meta/graph-reply.ts';
import { kindOf, mintToken, shortLivedSeconds, withToken } from '../meta/graph-tokens.ts';
import { openUsageMeter } from '../meta/graph-usage.ts';
import { appScopedId, professionalId, professionals } from '../meta/people.ts';
import { metaWebhooks } from '../meta/webhooks.ts';
import { loginProfile } from './me.ts';
import { type Modes, modes } from './modes.ts';

/** Starts the sandbox; `origin` is www and api, `apiOrigin` is graph. */
export function startInstagram(options: SandboxOptions): Promise<Sandbox> {
  return startSandbox(instagram, options);
}

/** Every scope, with its words on the consent page. */
const scopes = {
  instagram_business_basic: 'View your profile and media',
  instagram_business_content_publish: 'Create and publish posts',
  instagram_business_manage_comments: 'Manage comments',
  instagram_business_manage_messages: 'Manage messages',
  instagram_business_manage_insights: 'View insights',
};

const consent: MetaConsent = {
  paths: ['/oauth/authorize'],
  scopes,
  fragment: '#_',
  denial: {
    error: 'access_denied',
    error_reason: 'user_denied',
    error_description: 'The user denied your request.',
  },
  words: {
    client: 'Invalid platform app',
    redirectUri: 'Invalid redirect_uri',
    scope: 'Invalid scope',
  },
};

export const instagram: Dialect<Modes> = {
  title: 'Instagram',
  separateApiHost: true,
  accounts: professionals,
  // A code lives an hour. The lifetime is the long-lived token's; that of the first token is fixed.
  lifetimes: { accessTokenSeconds: 5_184_000, refreshTokenSeconds: null, codeSeconds: 3_600 },
  modes,
  mint: {
    code: () => `AQs4ndb0x${randomBytes(96).toString('base64url')}`,
    access: () => mintToken('IGAA', 'S'),
    refresh: () => mintToken('IGAA', 'L'),
  },
  subjectOf: ({ key }, clientId) => appScopedId(key, clientId),
  failure: (endpoint, status) =>
    endpoint === 'token' && status === 400 ? flatError('Invalid parameter') : graphFailure(endpoint, status),
  consent: (platform) => metaConsent(platform, consent),
  routes: routesOf,
  webhooks: ({ now, modes }) => metaWebhooks({ now, idOf: professionalId, modes }),
};

function routesOf(platform: Platform<Modes>): readonly Route[] {
  const usage = openUsageMeter(platform.now, platform.modes);
  return [
    {
      method: 'POST',
      host: 'web',
      path: '/oauth/access_token',
      endpoint: 'token',
      handle: (call) => redeem(call, platform),
    },
    {
      method: 'GET',
      host: 'api',
      path: '/access_token',
      endpoint: 'token',
      handle: (call) => prolong(call, platform),
    },
    {
      method: 'GET',
      host: 'api',
      path: '/refresh_access_token',
      endpoint: 'token',
      handle: (call) => refreshToken(call, platform),
    },
    ...graphVersions.map(
      (version): Route => ({
        method: 'GET',
        host: 'api',
        path: `/${version}/me`,
        endpoint: 'profile',
        handle: (call) => loginProfile(call, platform, usage),
      }),
    ),
  ];
}

/** A code for a token of one hour. Errors here are not in the Graph's shape. */
function redeem(call: Call, platform: Platform<Modes>): Reply {
  const { grants, modes } = platform;
  const form = formOf(call);
  const client = platform.client(form?.get('client_id') ?? '');
  if (client === undefined) return refused('Invalid platform app');
  if (form?.get('client_secret') !== client.clientSecret) {
    const message = 'Error validating client secret.';
    return modes().secretRefusal === 'flat' ? refused(message) : graphError({ code: 1, message });
  }
  if (form.get('grant_type') !== 'authorization_code') return refused('Invalid grant_type');
  const pending = grants.presentCode(form.get('code') ?? '');
  if (pending?.clientId !== client.clientId) {
    return refused('Matching code was not found or was already used');
  }
  if (pending.redirectUri !== form.get('redirect_uri')) {
    return refused(
      'Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request',
    );
  }
  const { grant, accessToken } = grants.redeem(pending, shortLivedSeconds);
  const { ids, permissions, tokenBody } = modes();
  const body = {
    access_token: accessToken,
    user_id: grant.subject,
    permissions: permissions === 'list' ? grant.scopes : grant.scopes.join(','),
  };
  return withNumbers(tokenBody === 'wrapped' ? { data: [body] } : body, ids === 'number' ? ['user_id'] : []);
}

/** A short-lived token for a long-lived one. */
function prolong(call: Call, platform: Platform<Modes>): Reply {
  const query = call.url.searchParams;
  if (query.get('grant_type') !== 'ig_exchange_token') return unsupported();
  return withToken(query.get('access_token') ?? undefined, platform, ({ grant, token }) => {
    if (platform.client(grant.clientId)?.clientSecret !== query.get('client_secret')) {
      return graphError({ code: 100, message: 'Error validating client secret.' });
    }
    if (kindOf(token) !== 'S') return unsupported();
    const long = mintToken('IGAA', 'L');
    return tokenReply(platform.grants.issue(grant, long, platform.lifetimes().accessTokenSeconds), platform);
  });
}

/** A long-lived token for another sixty days, once it is a day old. */
function refreshToken(call: Call, platform: Platform<Modes>): Reply {
  const query = call.url.searchParams;
  if (query.get('grant_type') !== 'ig_refresh_token') return unsupported();
  return withToken(query.get('access_token') ?? undefined, platform, ({ grant, token, issuedAt = 0 }) => {
    const { minimumAgeSeconds, tooEarlyCode, refreshedToken } = platform.modes();
    if (kindOf(token) !== 'L') return unsupported();
    if (!grant.scopes.includes('instagram_business_basic')) {
      return graphError(
        { code: 10, message: '(#10) The permission instagram_business_basic is missing.' },
        403,
      );
    }
    if (platform.now() - issuedAt < minimumAgeSeconds * 1000) {
      return graphError({
        code: tooEarlyCode,
        message: 'The access token is not old enough to be refreshed.',
      });
    }
    const refreshed = refreshedToken === 'same' ? token : mintToken('IGAA', 'L');
    return tokenReply(
      platform.grants.issue(grant, refreshed, platform.lifetimes().accessTokenSeconds),
      platform,
    );
  });
}

function tokenReply(token: string, { modes, lifetimes }: Platform<Modes>): Reply {
  const expires = modes().expiresIn === 'present' ? { expires_in: lifetimes().accessTokenSeconds } : {};
  return json(
    200,
    { access_token: token, token_type: 'bearer', ...expires },
    { 'cache-control': 'no-store' },
  );
}

function unsupported(): Reply {
  return graphError({ code: 100, message: 'Unsupported get request.', type: 'IGApiException' });
}

function refused(message: string): Reply {
  return json(400, flatError(message));
}

function flatError(error_message: string): JsonObject {
  return { error_type: 'OAuthException', code: 400, error_message };
}
