/**
 * TikTok, Login Kit for Web v2. Register an app at https://developers.tiktok.com, add Login Kit, and enter the
 * redirect URI of the context; client key and client secret stand on the app's page.
 * Its dialect: `client_key`, comma-separated scopes, errors that may come under status 200, refresh tokens that
 * rotate and die at once. Lifetimes changed in November 2026 and are taken from each answer.
 */
import * as z from 'zod/mini';
import { withTolerance } from '../signatures/scheme.ts';
import { tiktokSignature } from '../signatures/schemes.ts';
import type { Account } from './account.ts';
import { defineProvider, type ProfileReading } from './definition.ts';
import { readTikTokEvent } from './tiktok-events.ts';

const basicFields = [
  'open_id',
  'union_id',
  'display_name',
  'avatar_url',
  'avatar_url_100',
  'avatar_large_url',
];
/**
 * TikTok tries for 72 hours and does not say whether a retry is signed anew: if not, five minutes would refuse them all.
 * What comes late does no harm, because what was taken before is known for longer. The rest is margin.
 */
const oldestDeliverySeconds = 73 * 3_600;
/** Further profile fields by the scope that opens them; one field too many fails the whole call. */
const fieldsByScope: ReadonlyMap<string, readonly string[]> = new Map([
  ['user.info.profile', ['username', 'is_verified', 'profile_deep_link']],
  ['user.info.stats', ['follower_count', 'following_count', 'likes_count', 'video_count']],
]);

const userInfo = z.object({
  data: z.object({
    user: z.object({
      open_id: z.string(),
      union_id: z.optional(z.string()),
      display_name: z.optional(z.string()),
      avatar_url: z.optional(z.string()),
      avatar_url_100: z.optional(z.string()),
      avatar_large_url: z.optional(z.string()),
      username: z.optional(z.string()),
      is_verified: z.optional(z.boolean()),
      profile_deep_link: z.optional(z.string()),
      follower_count: z.optional(z.union([z.number(), z.string()])),
      following_count: z.optional(z.union([z.number(), z.string()])),
      likes_count: z.optional(z.union([z.number(), z.string()])),
      video_count: z.optional(z.union([z.number(), z.string()])),
    }),
  }),
});

/** Resource errors are objects, present even on success; some documents show the fields at top level. */
const envelope = z.object({
  error: z.optional(z.object({ code: z.string() })),
  code: z.optional(z.string()),
});

export const tiktok = defineProvider({
  id: 'tiktok',
  name: 'TikTok',
  auth: 'oauth2',
  origins: { www: 'https://www.tiktok.com', api: 'https://open.tiktokapis.com' },
  endpoints: {
    authorization: '{www}/v2/auth/authorize/',
    token: '{api}/v2/oauth/token/',
    revocation: '{api}/v2/oauth/revoke/',
    profile: '{api}/v2/user/info/',
  },
  scopes: {
    separator: ',',
    available: {
      'user.info.basic': 'Id, display name and avatar',
      'user.info.profile': 'Handle, bio, verified flag and profile link',
      'user.info.stats': 'Numbers of followers, likes and videos',
      'video.list': 'Read public videos',
      'video.publish': 'Post directly to the profile',
      'video.upload': 'Send drafts to the inbox',
    },
    default: ['user.info.basic'],
    required: ['user.info.basic'],
  },
  // The web flow documents none; PKCE is for desktop and mobile there.
  pkce: 'none',
  client: { authentication: 'client_secret_post', idParameter: 'client_key' },
  // Always show the consent page, so that a user can choose another account.
  authorizationParameters: { disable_auto_auth: '1' },
  tokens: {
    refresh: 'rotating',
    margin: { share: 0.15, atLeastSeconds: 300, atMostSeconds: 3_600 },
    subjectField: 'open_id',
    assumedLifetimeSeconds: 7_200,
    proactive: 'in_use',
    // The refresh token dies after 180 days without use, and TikTok has shortened its times before.
    keepAliveSeconds: 604_800,
  },
  // Revoking ends the app's whole authorization by this user, and is shown the access token.
  revocation: { reach: 'grant', token: 'access_token' },
  errors: {
    unsupported_response_type: 'misconfigured',
    access_token_invalid: 'reconnect_required',
    access_token_expired: 'reconnect_required',
    scope_not_authorized: 'reconnect_required',
    scope_permission_missed: 'reconnect_required',
    rate_limit_exceeded: 'retryable',
    internal_error: 'retryable',
  },
  accounts: 'one',
  webhook: {
    scheme: withTolerance(tiktokSignature, oldestDeliverySeconds),
    signedWith: 'clientSecret',
    read: ({ content }, { clientId }) => readTikTokEvent(content, clientId),
  },
  profile: {
    query: (scopes) => ({
      fields: [...basicFields, ...scopes.flatMap((scope) => fieldsByScope.get(scope) ?? [])].join(','),
    }),
    read: readUserInfo,
  },
});

function readUserInfo(body: Readonly<Record<string, unknown>>): ProfileReading {
  const status = envelope.safeParse(body);
  const code = status.data?.error?.code ?? status.data?.code ?? 'ok';
  if (code !== 'ok') return { kind: 'error', code };
  const parsed = userInfo.safeParse(body);
  if (!parsed.success) return { kind: 'error', code: 'unreadable' };
  const { user } = parsed.data.data;
  const avatarUrl = user.avatar_large_url ?? user.avatar_url_100 ?? user.avatar_url;
  const metadata = Object.entries({
    unionId: user.union_id,
    username: user.username,
    verified: user.is_verified,
    profileUrl: user.profile_deep_link,
    followers: user.follower_count,
    following: user.following_count,
    likes: user.likes_count,
    videos: user.video_count,
  }).filter((pair): pair is [string, string | number | boolean] => pair[1] !== undefined);
  const account: Account = {
    accountId: user.open_id,
    displayName: user.display_name || user.username || user.open_id,
    ...(avatarUrl && { avatarUrl }),
    metadata: Object.fromEntries(metadata),
  };
  return { kind: 'accounts', accounts: [account] };
}
