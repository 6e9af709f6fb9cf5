/** One look at whether a session still lives. A session is looked at and never refreshed, changed or ended. */
import * as z from 'zod/mini';
import { jsonObject } from '../../json.ts';
import { classifyFailure } from '../../oauth/outcome.ts';
import type { ErrorTable, Refusal } from '../../oauth/refusal/refusal.ts';
import type { PlatformResponse } from '../../platform-http/platform-http.ts';
import type { CredentialsAccess, ProfileOutcome } from '../../providers/adapter/platform-adapter.ts';
import type { Secret } from '../../telemetry/secret.ts';
import { cookieHeader, openSession } from './session.ts';
import { signRequest } from './signer.ts';

/**
 * What its refusals say, most specific first. The same sentence comes under 400 and 401, independent of `error.code`,
 * so the words decide. None of this is documented; clients agree on it.
 */
const sentences: readonly (readonly [RegExp, string])[] = [
  [/application token/i, 'app_token_refused'],
  [/refresh the page/i, 'signature_or_session'],
  [/wrong user/i, 'wrong_user'],
  [/access denied/i, 'access_denied'],
  [/2fa|two[- ](?:factor|step)|verif|new device/i, 'security_step'],
  [/something went wrong/i, 'browser_token_refused'],
];

export const sessionErrors: ErrorTable = {
  app_token_refused: 'misconfigured',
  wrong_user: 'reconnect_required',
  access_denied: 'reconnect_required',
  security_step: 'reconnect_required',
  browser_token_refused: 'reconnect_required',
  // Stale rules and a dead session look alike; see `ambiguous`.
  signature_or_session: 'misconfigured',
  http_400: 'misconfigured',
  http_401: 'misconfigured',
  // The endpoint has moved.
  http_404: 'misconfigured',
  http_403: 'retryable',
};

/** Refusals that mean the session's end only if the signature is known to be good. */
const ambiguous: ReadonlySet<string> = new Set(['signature_or_session', 'http_400', 'http_401']);

/** Its limits are unpublished, and going on while blocked makes it worse. */
const longPauseSeconds = 3_600;

/** One look, exactly as the user's browser would ask. A wrong one ends their session, so nothing is ever asked again. */
export async function lookWithSession(
  secret: Secret,
  { url, settings, http, now }: CredentialsAccess,
): Promise<ProfileOutcome> {
  const session = openSession(secret);
  if (!session) return { kind: 'reconnect_required', reason: 'unreadable_credentials' };
  const { origin, pathname, search } = new URL(url);
  const userId = session.auth_id;
  const signing = await signRequest(http, settings['signerUrl'], {
    method: 'GET',
    path: `${pathname}${search}`,
    userId,
  });
  if (signing.kind !== 'signed') return signing;
  const answer = await http({
    url,
    method: 'GET',
    headers: {
      ...signing.headers,
      referer: `${origin}/`,
      cookie: cookieHeader(session),
      'user-id': userId,
      'x-bc': session.x_bc,
      'user-agent': session.user_agent,
    },
  });
  return readProfile(answer, userId) ?? readFailure(answer, now(), signing.healthy === true);
}

/** What a 200 with a JSON object and no error says; nothing for any other answer. */
function readProfile(answer: PlatformResponse, userId: string): ProfileOutcome | undefined {
  const body = answer.kind === 'answered' && answer.status === 200 ? jsonObject(answer.body) : undefined;
  if (body === undefined || (body['error'] !== undefined && body['error'] !== null)) return undefined;
  const profile = me.parse(body);
  const { id, username, name, avatar, avatarThumbs } = profile;
  if (id === '' || id === '0') return { kind: 'reconnect_required', reason: 'not_signed_in' };
  if (id !== userId) return { kind: 'reconnect_required', reason: 'account_mismatch' };
  const avatarUrl = avatarThumbs?.c144 || avatar;
  return {
    kind: 'accounts',
    accounts: [
      {
        accountId: id,
        displayName: name || username || id,
        ...(avatarUrl && { avatarUrl }),
        metadata: {
          ...(username && { username, profileUrl: `https://onlyfans.com/${encodeURIComponent(username)}` }),
          ...present({
            performer: profile.isPerformer,
            verified: profile.isVerified,
            subscribers: profile.subscribersCount,
            posts: profile.postsCount,
            photos: profile.photosCount,
            videos: profile.videosCount,
            joinedAt: profile.joinDate,
          }),
        },
      },
    ],
  };
}

function readFailure(answer: PlatformResponse, now: number, signatureIsGood: boolean): ProfileOutcome {
  // The edge refuses our address or our manner, and says nothing about the session.
  const isPage = answer.kind === 'answered' && jsonObject(answer.body) === undefined;
  if (isPage && answer.status === 403) {
    return { kind: 'retryable', reason: 'blocked', afterSeconds: longPauseSeconds };
  }
  // Unlike an OAuth server's, a failing API's words are no evidence against the session.
  const inTrouble = answer.kind === 'answered' && answer.status >= 500;
  const readCodes = inTrouble ? () => ({ codes: [] }) : readRefusal;
  const failure = classifyFailure(answer, sessionErrors, now, readCodes);
  if (failure.kind === 'retryable' && failure.reason === 'http_429') {
    return { ...failure, afterSeconds: Math.max(failure.afterSeconds ?? 0, longPauseSeconds) };
  }
  if (failure.kind === 'misconfigured' && ambiguous.has(failure.reason) && signatureIsGood) {
    return { kind: 'reconnect_required', reason: 'session_ended' };
  }
  return failure;
}

export function readRefusal({ error }: Readonly<Record<string, unknown>>): Refusal {
  const { message } = orElse(z.object({ message: z.string() }), { message: '' }).parse(error);
  return { codes: sentences.filter(([sentence]) => sentence.test(message)).map(([, code]) => code) };
}

/** What is kept of a profile that nobody has documented. A field of an unexpected type counts as absent. */
const me = z.object({
  id: z._default(orElse(z.pipe(z.union([z.number(), z.string()]), z.transform(String)), ''), ''),
  username: ifGiven(z.string()),
  name: ifGiven(z.string()),
  avatar: ifGiven(z.string()),
  avatarThumbs: ifGiven(z.object({ c144: z.string() })),
  isPerformer: ifGiven(z.boolean()),
  isVerified: ifGiven(z.boolean()),
  subscribersCount: ifGiven(z.number()),
  postsCount: ifGiven(z.number()),
  photosCount: ifGiven(z.number()),
  videosCount: ifGiven(z.number()),
  joinDate: ifGiven(z.string()),
});

function ifGiven<Schema extends z.ZodMiniType>(schema: Schema) {
  return z.optional(orElse(schema, undefined));
}

/** As `z.catch`, which brings a namespace of zod's own along, 7 kB of every bundle. */
function orElse<Schema extends z.ZodMiniType, Else>(schema: Schema, otherwise: Else) {
  return z.pipe(
    z.unknown(),
    z.transform((value): z.output<Schema> | Else => {
      const parsed = schema.safeParse(value);
      return parsed.success ? parsed.data : otherwise;
    }),
  );
}

type Fact = string | number | boolean;

function present(facts: Readonly<Record<string, Fact | undefined>>): Readonly<Record<string, Fact>> {
  return Object.fromEntries(
    Object.entries(facts).filter((fact): fact is [string, Fact] => fact[1] !== undefined),
  );
}
