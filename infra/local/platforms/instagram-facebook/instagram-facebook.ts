/**
 * The sandbox of the Instagram API with Facebook Login: consent on the web host (www.facebook.com), tokens, Pages and
 * permissions on the API host (graph.facebook.com).
 * https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow
 */
import { randomBytes } from 'node:crypto';
import type { Call, Dialect, Platform, Reply, Route } from '../../sandbox/dialect.ts';
import { json } from '../../sandbox/reply.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/sandbox.ts';
import type { SandboxClient } from '../../sandbox/sandbox-client.ts';
import { type MetaConsent, metaConsent } from '../meta/consent.ts';
import { graphError, graphFailure, graphVersions } from '../meta/graph-reply.ts';
import { endlessSeconds, kindOf, mintToken, shortLivedSeconds, withToken } from '../meta/graph-tokens.ts';
import { openUsageMeter } from '../meta/graph-usage.ts';
import { appScopedId, facebookUsers, professionalId } from '../meta/people.ts';
import { metaWebhooks } from '../meta/webhooks.ts';
import { type Modes, modes } from './modes.ts';
import { pagesOf } from './pages.ts';
import { grantedPermissions, inspectToken, me, removePermissions } from './user.ts';

/** Starts the sandbox; `origin` is www.facebook.com, `apiOrigin` is graph.facebook.com. */
export function startInstagramFacebook(options: SandboxOptions): Promise<Sandbox> {
  return startSandbox(instagramFacebook, options);
}

/** Every scope, with its words on the consent page. */
const scopes = {
  instagram_basic: 'Access profile and posts of the Instagram account connected to your Page',
  instagram_content_publish: 'Upload media and create posts',
  instagram_manage_comments: 'Manage comments',
  instagram_manage_insights: 'Access insights',
  instagram_manage_messages: 'Manage messages',
  pages_show_list: 'Show a list of the Pages you manage',
  pages_read_engagement: 'Read content posted on your Pages',
  pages_manage_metadata: 'Manage settings of your Pages',
  business_management: 'Manage your business',
  ads_management: 'Manage ads',
  ads_read: 'Access ad statistics',
};

const consent: MetaConsent = {
  paths: graphVersions.map((version) => `/${version}/dialog/oauth`),
  scopes,
  fragment: '#_=_',
  denial: {
    error: 'access_denied',
    error_code: '200',
    error_description: 'Permissions error',
    error_reason: 'user_denied',
  },
  words: {
    client: 'Invalid App ID',
    redirectUri: 'URL blocked',
    scope: 'Invalid Scopes',
  },
};

export const instagramFacebook: Dialect<Modes> = {
  title: 'Facebook',
  separateApiHost: true,
  accounts: facebookUsers,
  // The lifetime is the long-lived user token's; that of the first token is fixed.
  lifetimes: { accessTokenSeconds: 5_184_000, refreshTokenSeconds: null, codeSeconds: 3_600 },
  modes,
  mint: {
    code: () => `AQs4ndb0x${randomBytes(150).toString('base64url')}`,
    access: () => mintToken('EAA', 'S'),
    refresh: () => mintToken('EAA', 'L'),
  },
  subjectOf: ({ key }, clientId) => appScopedId(key, clientId),
  failure: graphFailure,
  consent: (platform) => metaConsent(platform, consent),
  routes: routesOf,
  webhooks: ({ now, modes }) => metaWebhooks({ now, idOf: professionalId, modes }),
};

function routesOf(platform: Platform<Modes>): readonly Route[] {
  const usage = openUsageMeter(platform.now, platform.modes);
  const onGraph = (path: string, endpoint: Route['endpoint'], handle: Route['handle']): readonly Route[] =>
    graphVersions.map((version) => ({
      method: 'GET',
      host: 'api',
      path: `/${version}${path}`,
      endpoint,
      handle,
    }));
  return [
    ...onGraph('/oauth/access_token', 'token', (call) => token(call, platform)),
    ...onGraph('/me', 'other', (call) => me(call, platform)),
    ...onGraph('/me/accounts', 'profile', (call) => pagesOf(call, platform, usage)),
    ...onGraph('/me/permissions', 'other', (call) => grantedPermissions(call, platform)),
    ...onGraph('/debug_token', 'other', (call) => inspectToken(call, platform)),
    ...onGraph('/me/permissions', 'revoke', (call) => removePermissions(call, platform)).map(
      (route): Route => ({ ...route, method: 'DELETE' }),
    ),
  ];
}

/** Everything is in the query, the secret too. Without a grant type it is a code that is redeemed. */
function token(call: Call, platform: Platform<Modes>): Reply {
  const query = call.url.searchParams;
  const client = platform.client(query.get('client_id') ?? '');
  if (client === undefined) {
    return graphError({ code: 101, message: 'Error validating application. Invalid application ID.' });
  }
  if (query.get('client_secret') !== client.clientSecret) {
    return graphError({ code: 1, message: 'Error validating client secret.' });
  }
  switch (query.get('grant_type')) {
    case null:
    case 'authorization_code':
      return redeem(query, client, platform);
    case 'fb_exchange_token':
      return prolong(query, client, platform);
    default:
      return graphError({ code: 100, message: 'Invalid grant_type.' });
  }
}

function redeem(query: URLSearchParams, client: SandboxClient, platform: Platform<Modes>): Reply {
  const { grants } = platform;
  const pending = grants.presentCode(query.get('code') ?? '');
  if (pending?.clientId !== client.clientId) {
    const message = 'This authorization code has been used.';
    return graphError({ code: 100, subcode: 36_009, message });
  }
  if (pending.redirectUri !== query.get('redirect_uri')) {
    const message =
      'Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request';
    return graphError({ code: 100, subcode: 36_008, message });
  }
  return tokenReply(grants.redeem(pending, shortLivedSeconds).accessToken, shortLivedSeconds, platform);
}

/** A living user token for a long-lived one. */
function prolong(query: URLSearchParams, client: SandboxClient, platform: Platform<Modes>): Reply {
  return withToken(query.get('fb_exchange_token') ?? undefined, platform, ({ grant, token, expiresAt }) => {
    if (grant.clientId !== client.clientId || kindOf(token) === 'P') {
      return graphError({ code: 100, message: 'The token is no user token of this app.' });
    }
    const { exchange, expiresIn } = platform.modes();
    const left = Math.floor((expiresAt - platform.now()) / 1000);
    const full = expiresIn === 'never' ? endlessSeconds : platform.lifetimes().accessTokenSeconds;
    const seconds = exchange === 'keeps_end' && kindOf(token) === 'L' ? left : full;
    return tokenReply(platform.grants.issue(grant, mintToken('EAA', 'L'), seconds), seconds, platform);
  });
}

function tokenReply(token: string, seconds: number, { modes }: Platform<Modes>): Reply {
  const expires = modes().expiresIn === 'present' ? { expires_in: seconds } : {};
  return json(
    200,
    { access_token: token, token_type: 'bearer', ...expires },
    { 'cache-control': 'no-store' },
  );
}
