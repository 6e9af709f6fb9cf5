/**
 * Any OpenID Connect or OAuth 2.1 server that the operator names. Its endpoints are discovered and frozen when the app
 * is registered (`hawser app set openid --issuer …`); nothing about it is special, which is why it is this short.
 */
import { customWebhook } from '../../providers/custom-webhook.ts';
import { definePlatform } from '../../providers/define-platform.ts';

export const openid = definePlatform({
  data: {
    id: 'openid',
    name: 'OpenID Connect',
    kind: 'oauth2',
    category: 'identity',
    docsUrl: 'https://openid.net/specs/openid-connect-core-1_0.html',
    discovery: {},
    scopes: {
      open: false,
      known: {
        openid: 'Identity',
        profile: 'Name and picture',
        offline_access: 'Access while you are away',
      },
      default: ['openid', 'profile', 'offline_access'],
      required: ['openid'],
    },
    clientAuthentication: 'client_secret_basic',
    // A server hands out a refresh token only for a consent it has asked for (OpenID Connect Core section 11).
    authorizationParameters: { prompt: 'consent' },
    idToken: true,
    refresh: { margin: { atLeastSeconds: 60 }, keepAliveSeconds: 604_800 },
    appSettings: {
      webhook: {
        meaning: 'how its webhooks are signed and read, as JSON',
        default: '',
        pattern: '^\\{[\\s\\S]*\\}$',
      },
    },
    // Asked at the userinfo endpoint that the server's metadata names.
    profile: {
      account: 'sub',
      accountIs: 'text',
      name: 'name|preferred_username',
      avatar: 'picture',
      metadata: { username: 'preferred_username' },
    },
  },
  describeWebhook: ({ webhook }) => (webhook === undefined ? undefined : customWebhook(webhook)),
});
