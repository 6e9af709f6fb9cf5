/**
 * The tokens of Meta's sandboxes: short-lived ones of an hour, long-lived ones of sixty days, Page tokens without an
 * end. Their text tells which they are, as nothing else in a token may.
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Call, Platform, Reply } from '../../sandbox/dialect.ts';
import type { HeldToken } from '../../sandbox/grants.ts';
import { graphError, tokenIn } from './graph-reply.ts';

export type TokenKind = 'S' | 'L' | 'P';

export const shortLivedSeconds = 3_600;
/** Ten years stand for no end. */
export const endlessSeconds = 315_360_000;

/** The switches of tokens, the same in both flavours. */
export const tokenModes = {
  /** Under which status a token is refused. */
  tokenRefusalStatus: z.literal([400, 401]).default(400),
  /** Why a token that is no longer known is refused: removed app, checkpoint, password, unconfirmed, logged out. */
  deadTokenSubcode: z.literal([458, 459, 460, 464, 467]).default(458),
};
const shape = z.object(tokenModes);

/** A new token: `EAA…` or `IGAA…`, with its kind, its marker and, for a Page's, the Page. */
export function mintToken(prefix: 'EAA' | 'IGAA', kind: TokenKind, of = ''): string {
  return `${prefix}${kind}s4ndb0x${of}Z${randomBytes(90).toString('base64url').replace(/[-_]/g, 'Z')}`;
}

export function kindOf(token: string): TokenKind | undefined {
  const kind = /^(?:EAA|IGAA)([SLP])s4ndb0x/.exec(token)?.[1];
  return kind === 'S' || kind === 'L' || kind === 'P' ? kind : undefined;
}

/** The Page whose token it is. */
export function pageOf(token: string): string | undefined {
  return /^EAAPs4ndb0x(\d+)Z/.exec(token)?.[1];
}

/** Answers with the token if it is good, else with the platform's refusal. */
export function withToken(
  token: string | undefined,
  platform: Platform<z.output<typeof shape>>,
  answer: (held: HeldToken) => Reply,
): Reply {
  const { tokenRefusalStatus: status, deadTokenSubcode: subcode } = platform.modes();
  if (!token) {
    const message = 'An active access token must be used to query information about the current user.';
    return graphError({ code: 2500, message });
  }
  if (kindOf(token) === undefined) {
    return graphError(
      { code: 190, message: 'Invalid OAuth access token - Cannot parse access token' },
      status,
    );
  }
  const held = platform.grants.heldAccessToken(token);
  const problem = 'Error validating access token: ';
  if (held === undefined) {
    return graphError({ code: 190, subcode, message: `${problem}The session is no longer valid.` }, status);
  }
  if (held.expiresAt <= platform.now()) {
    const message = `${problem}Session has expired on ${new Date(held.expiresAt).toUTCString()}.`;
    return graphError({ code: 190, subcode: 463, message }, status);
  }
  return answer(held);
}

/** The same for the token that a call carries in the usual places. */
export function withCallToken(
  call: Call,
  platform: Platform<z.output<typeof shape>>,
  answer: (held: HeldToken) => Reply,
): Reply {
  return withToken(tokenIn(call), platform, answer);
}
