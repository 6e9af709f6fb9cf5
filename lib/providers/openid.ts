/**
 * Any OpenID Connect or OAuth 2.1 server that the owner names. Its endpoints are discovered and frozen when the app
 * is registered (`hawser app set openid --issuer …`); nothing about it is special, which is why it is this short.
 */
import { customWebhook } from './custom-webhook.ts';
import { defineProvider, type ProfileReading } from './definition.ts';

export const openid = defineProvider({
  id: 'openid',
  name: 'OpenID Connect',
  auth: 'oauth2',
  origins: {},
  endpoints: 'registered',
  scopes: {
    separator: ' ',
    available: {
      openid: 'Identity',
      profile: 'Name and picture',
      offline_access: 'Access while you are away',
    },
    default: ['openid', 'profile', 'offline_access'],
    required: ['openid'],
  },
  pkce: 'S256',
  client: { authentication: 'client_secret_basic' },
  // A server hands out a refresh token only for a consent it has asked for (OpenID Connect Core section 11).
  authorizationParameters: { prompt: 'consent' },
  idToken: true,
  tokens: {
    refresh: 'rotating',
    margin: { share: 0.15, atLeastSeconds: 60, atMostSeconds: 3_600 },
    proactive: 'in_use',
    keepAliveSeconds: 604_800,
  },
  // Servers may end the whole grant with one token (RFC 7009 section 2.1), so assume they do.
  revocation: { reach: 'grant', token: 'refresh_token' },
  errors: {},
  optionalSettings: {
    webhook: { meaning: 'how its webhooks are signed and read, as JSON', default: '', pattern: /^\{.*\}$/s },
  },
  describeWebhook: ({ webhook }) => (webhook === undefined ? undefined : customWebhook(webhook)),
  accounts: 'one',
  profile: { read: readUserinfo },
});

function readUserinfo(body: Readonly<Record<string, unknown>>): ProfileReading {
  const { sub, name, preferred_username: username, picture } = body;
  if (typeof sub !== 'string' || sub === '') return { kind: 'error', code: 'unreadable' };
  return {
    kind: 'accounts',
    accounts: [
      {
        accountId: sub,
        displayName:
          [name, username, sub].find((text): text is string => typeof text === 'string' && text !== '') ??
          sub,
        ...(typeof picture === 'string' && { avatarUrl: picture }),
        metadata: typeof username === 'string' ? { username } : {},
      },
    ],
  };
}
