/** TikTok, Login Kit for Web v2. Its README says how an app is registered and where it differs from others. */
import { definePlatform } from '../../providers/define-platform.ts';
import { withTolerance } from '../../signatures/scheme.ts';
import { tiktokSignature } from '../../signatures/schemes.ts';
import { readTikTokEvent } from './events.ts';

const basicFields = [
  'open_id',
  'union_id',
  'display_name',
  'avatar_url',
  'avatar_url_100',
  'avatar_large_url',
];
/** Further profile fields by the scope that opens them; one field too many fails the whole call. */
const fieldsByScope: ReadonlyMap<string, readonly string[]> = new Map([
  ['user.info.profile', ['username', 'is_verified', 'profile_deep_link']],
  ['user.info.stats', ['follower_count', 'following_count', 'likes_count', 'video_count']],
]);

/**
 * TikTok tries for 72 hours and does not say whether a retry carries a new signature: if not, five minutes would refuse
 * them all. What comes late does no harm, because duplicates are known for longer. The rest is margin.
 */
const oldestDeliverySeconds = 73 * 3_600;

export const tiktok = definePlatform({
  data: {
    id: 'tiktok',
    name: 'TikTok',
    kind: 'oauth2',
    category: 'social',
    docsUrl: 'https://developers.tiktok.com/doc/login-kit-web/',
    endpoints: {
      authorization: 'https://www.tiktok.com/v2/auth/authorize/',
      token: 'https://open.tiktokapis.com/v2/oauth/token/',
      revocation: 'https://open.tiktokapis.com/v2/oauth/revoke/',
    },
    scopes: {
      separator: ',',
      open: false,
      known: {
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
    parameterNames: { clientId: 'client_key' },
    // Always show the consent page, so that a user can choose another account.
    authorizationParameters: { disable_auto_auth: '1' },
    tokenAnswer: { platformUser: 'open_id' },
    refresh: {
      assumedLifetimeSeconds: 7_200,
      // The refresh token dies after 180 days without use, and TikTok has shortened its times before.
      keepAliveSeconds: 604_800,
    },
    // Revoking ends the app's whole authorization by this user, and is shown the access token.
    revocation: { token: 'access_token' },
    errors: {
      meanings: {
        unsupported_response_type: 'misconfigured',
        access_token_invalid: 'reconnect_required',
        access_token_expired: 'reconnect_required',
        scope_not_authorized: 'reconnect_required',
        scope_permission_missed: 'reconnect_required',
        rate_limit_exceeded: 'retryable',
        internal_error: 'retryable',
      },
      // Resource errors are objects, present even on success; some documents show the fields at top level.
      success: { path: 'error.code|code', is: 'ok' },
    },
    profile: {
      url: 'https://open.tiktokapis.com/v2/user/info/',
      account: 'data.user.open_id',
      accountIs: 'text',
      name: 'data.user.display_name|data.user.username',
      avatar: 'data.user.avatar_large_url|data.user.avatar_url_100|data.user.avatar_url',
      metadata: {
        unionId: 'data.user.union_id',
        username: 'data.user.username',
        verified: 'data.user.is_verified',
        profileUrl: 'data.user.profile_deep_link',
        followers: 'data.user.follower_count',
        following: 'data.user.following_count',
        likes: 'data.user.likes_count',
        videos: 'data.user.video_count',
      },
    },
    api: { base: 'https://open.tiktokapis.com/v2/' },
  },
  profileQuery: (scopes) => ({
    fields: [...basicFields, ...scopes.flatMap((scope) => fieldsByScope.get(scope) ?? [])].join(','),
  }),
  webhook: {
    scheme: withTolerance(tiktokSignature, oldestDeliverySeconds),
    signedWith: 'clientSecret',
    read: ({ content }, { clientId }) => readTikTokEvent(content, clientId),
  },
});
