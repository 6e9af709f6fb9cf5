/**
 * The people of the TikTok sandbox, what may be asked of them, and the user info endpoint.
 * https://developers.tiktok.com/doc/tiktok-api-v2-get-user-info
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Call, JsonObject, Platform, Reply, SandboxAccount } from '../../sandbox/dialect.ts';
import { bearerOf, json } from '../../sandbox/reply.ts';

/** Every scope, with its words on the consent page. */
export const scopes = {
  'user.info.basic': 'Read your avatar and display name',
  'user.info.profile': 'Read your bio, handle and profile link',
  'user.info.stats': 'Read your follower, like and video counts',
  'video.list': 'Read your public videos',
  'video.publish': 'Post content to TikTok',
  'video.upload': 'Upload drafts to your inbox',
};

/** The two documented errors of a field beyond the granted scopes, each with its own status. */
export type ExcessField = 'scope_not_authorized' | 'scope_permission_missed';

interface TikTokAccount extends SandboxAccount {
  readonly bio: string;
  readonly verified: boolean;
  readonly followers: number;
}

export const accounts: readonly TikTokAccount[] = [
  {
    key: 'mira',
    name: 'Mira Lindqvist',
    handle: 'mira.bakes',
    avatarColour: '#b3261e',
    bio: 'Bread, mostly.',
    verified: true,
    followers: 48_210,
  },
  {
    key: 'jose',
    name: 'José Ñíguez 🌊',
    handle: 'jose.surf',
    avatarColour: '#00677d',
    bio: 'Olas & más olas',
    verified: false,
    followers: 1_204,
  },
  { key: 'sora', name: '高橋 そら', handle: 'sora_draws', bio: '', verified: false, followers: 0 },
];

/** Answers `GET /v2/user/info/`: exactly the fields asked for, each within the scopes granted. */
export function userInfo(call: Call, platform: Platform<{ readonly excessField: ExcessField }>): Reply {
  const grant = platform.grants.ofAccessToken(bearerOf(call) ?? '');
  const account = accounts.find(({ key }) => key === grant?.account);
  if (grant === undefined || account === undefined) {
    return json(401, envelope('access_token_invalid', 'The access token is invalid or not found.'));
  }
  const known = fieldsOf(account, grant.subject, platform);
  const fields = (call.url.searchParams.get('fields') ?? '').split(',').filter((field) => field !== '');
  if (fields.length === 0 || fields.some((field) => !known.has(field))) {
    return json(400, envelope('invalid_params', 'The fields are missing or one of them is unknown.'));
  }
  if (fields.some((field) => !grant.scopes.includes(known.get(field)?.scope ?? ''))) {
    const code = platform.modes().excessField;
    const message = 'The user did not grant the scope that a field needs.';
    return json(code === 'scope_not_authorized' ? 401 : 400, envelope(code, message));
  }
  const user = Object.fromEntries(fields.map((field) => [field, known.get(field)?.value]));
  return json(200, envelope('ok', '', { user }));
}

function fieldsOf(account: TikTokAccount, openId: string, platform: Platform<unknown>) {
  const avatar = (size: number) =>
    platform.avatarUrl(
      account,
      `size=${size}&x-expires=${Math.floor(platform.now() / 1000) + 86_400}&x-signature=sb%3D`,
    );
  const unionId = createHash('sha256').update(`union\n${account.key}`).digest('hex');
  const byScope: Readonly<Record<string, JsonObject>> = {
    'user.info.basic': {
      open_id: openId,
      union_id: `${unionId.slice(0, 8)}-${unionId.slice(8, 12)}-${unionId.slice(12, 16)}-${unionId.slice(16, 20)}-${unionId.slice(20, 32)}`,
      display_name: account.name,
      avatar_url: avatar(168),
      avatar_url_100: avatar(100),
      avatar_large_url: avatar(720),
    },
    'user.info.profile': {
      username: account.handle,
      bio_description: account.bio,
      profile_deep_link: `https://vm.tiktok.com/sandbox/${account.handle}`,
      is_verified: account.verified,
    },
    'user.info.stats': {
      follower_count: account.followers,
      following_count: 87,
      likes_count: account.followers * 12,
      video_count: 31,
    },
  };
  return new Map(
    Object.entries(byScope).flatMap(([scope, values]) =>
      Object.entries(values).map(([field, value]) => [field, { scope, value }] as const),
    ),
  );
}

/** The envelope of the resource endpoints: `error` is an object, present even on success. */
export function envelope(code: string, message: string, data: JsonObject = {}): JsonObject {
  return { data, error: { code, message, log_id: logId() } };
}

/** TikTok's own name of a request, for its support. */
export function logId(): string {
  return randomBytes(16).toString('hex').toUpperCase();
}
