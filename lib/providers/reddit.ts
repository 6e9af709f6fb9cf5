/**
 * Reddit, OAuth2 for web apps. Since November 2025 every app needs Reddit's approval
 * (https://support.reddithelp.com, Responsible Builder Policy); register a "web app" with the context's redirect URI.
 * Its dialect: HTTP Basic, `duration=permanent` for a refresh token, a descriptive User-Agent on every call,
 * errors under status 200, numbers where others have error codes.
 */
import * as z from 'zod/mini';
import { defineProvider, type ProfileReading } from './definition.ts';

const me = z.object({
  id: z.string(),
  name: z.string(),
  icon_img: z.optional(z.nullable(z.string())),
  snoovatar_img: z.optional(z.nullable(z.string())),
  total_karma: z.optional(z.number()),
  is_suspended: z.optional(z.boolean()),
  verified: z.optional(z.boolean()),
});

export const reddit = defineProvider({
  id: 'reddit',
  name: 'Reddit',
  auth: 'oauth2',
  origins: { www: 'https://www.reddit.com', oauth: 'https://oauth.reddit.com' },
  endpoints: {
    authorization: '{www}/api/v1/authorize',
    token: '{www}/api/v1/access_token',
    revocation: '{www}/api/v1/revoke_token',
    profile: '{oauth}/api/v1/me',
  },
  scopes: {
    separator: ' ',
    available: {
      identity: 'Username and signup date',
      read: 'Posts and comments',
      submit: 'Post links and comments',
      edit: 'Edit and delete own items',
      history: 'Own votes, saved items and submissions',
      mysubreddits: 'Subscribed and moderated communities',
      privatemessages: 'Inbox, including comment replies',
      vote: 'Vote',
      save: 'Save items',
      subscribe: 'Subscribe to communities',
      report: 'Report content',
      flair: 'Choose flair',
      account: 'Account preferences',
      creddits: 'Spend coins',
      livemanage: 'Live threads',
      announcements: 'Announcements',
      structuredstyles: 'Community styling',
      modconfig: 'Moderation: settings',
      modcontributors: 'Moderation: contributors',
      modflair: 'Moderation: flair',
      modlog: 'Moderation: log',
      modmail: 'Moderation: mail',
      modnote: 'Moderation: notes',
      modothers: 'Moderation: other moderators',
      modposts: 'Moderation: posts',
      modself: 'Moderation: own role',
      modtraffic: 'Moderation: traffic',
      modwiki: 'Moderation: wiki',
      wikiedit: 'Edit the wiki',
      wikiread: 'Read the wiki',
    },
    default: ['identity'],
    required: ['identity'],
  },
  pkce: 'none',
  client: { authentication: 'http_basic' },
  // Without it there is no refresh token.
  authorizationParameters: { duration: 'permanent' },
  tokens: {
    // An answer that does bring a new refresh token replaces the old one all the same.
    refresh: 'static',
    margin: { share: 0.15, atLeastSeconds: 300, atMostSeconds: 3_600 },
    assumedLifetimeSeconds: 3_600,
    proactive: 'in_use',
  },
  // Revoking the refresh token takes its access tokens with it, and no other consent's.
  revocation: { reach: 'token', token: 'refresh_token' },
  errors: {
    // A refresh token that is unknown, revoked or another app's.
    invalid_request: 'reconnect_required',
    unsupported_response_type: 'misconfigured',
    // The edge refusing our address or User-Agent: the operator's matter, and no evidence about the grant.
    http_403: 'retryable',
  },
  accounts: 'one',
  appSettings: {
    userAgent: 'The User-Agent Reddit demands, as <platform>:<app ID>:<version> (by /u/<username>)',
  },
  headers: (settings) => ({ 'user-agent': settings['userAgent'] ?? '' }),
  profile: {
    // Without raw_json, URLs come HTML-escaped.
    query: () => ({ raw_json: '1' }),
    read: readMe,
  },
});

function readMe(body: Readonly<Record<string, unknown>>): ProfileReading {
  const parsed = me.safeParse(typeof body['data'] === 'object' ? body['data'] : body);
  if (!parsed.success) {
    const error = body['error'];
    return { kind: 'error', code: typeof error === 'number' ? `http_${error}` : 'unreadable' };
  }
  const { id, name, snoovatar_img, icon_img, total_karma, is_suspended, verified } = parsed.data;
  const avatarUrl = snoovatar_img || icon_img;
  return {
    kind: 'accounts',
    accounts: [
      {
        accountId: id,
        displayName: `u/${name}`,
        ...(avatarUrl && { avatarUrl }),
        metadata: {
          username: name,
          ...(total_karma !== undefined && { karma: total_karma }),
          ...(verified !== undefined && { verified }),
          ...(is_suspended !== undefined && { suspended: is_suspended }),
        },
      },
    ],
  };
}
