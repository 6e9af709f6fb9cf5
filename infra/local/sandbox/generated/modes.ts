/** The switches of a generated platform: what its data leaves open, and what platforms do in more than one way. */
import { z } from 'zod';
import type { Lifetimes } from '../grants.ts';
import type { GeneratedPlatformFacts } from './data/facts.ts';

export const modes = z.strictObject({
  /** RFC 6749 section 5.2 says 400 and 401; some platforms refuse under 200. */
  oauthErrorStatus: z.enum(['by_error', 'always_200']).default('by_error'),
  /** What a spent refresh token does besides being refused; RFC 9700 section 4.14.2 ends its grant. */
  refreshReuse: z.enum(['ends_grant', 'refused']).default('ends_grant'),
  /** How revocation takes a token that is no longer good; RFC 7009 section 2.2 accepts it. */
  deadTokenRevoke: z.enum(['accepted', 'refused']).default('accepted'),
  /** Whether the code challenge may be left out. Data with PKCE promises that the product sends one. */
  pkce: z.enum(['required', 'optional']).default('required'),
  /** Whether ids of accounts are JSON texts or JSON numbers. */
  accountIds: z.enum(['text', 'number']).default('text'),
  /** Which of the alternatives `a|b` of a path answers fill. */
  alternative: z.enum(['first', 'last']).default('first'),
  /** Calls of the API that a client may make in a window; no limit when 0. */
  rateLimit: z.int().min(0).default(0),
  rateWindowSeconds: z.int().positive().default(60),
});
export type Modes = z.output<typeof modes>;

/** Stands for a token without an end: the sandbox then does not say when it ends. */
export const endlessSeconds = 10 * 365 * 86_400;

export function lifetimesOf({ refresh }: GeneratedPlatformFacts): Lifetimes {
  const usual = refresh.kind === 'none' ? endlessSeconds : 3_600;
  return {
    accessTokenSeconds: refresh.assumedLifetimeSeconds ?? usual,
    refreshTokenSeconds: refresh.keepAliveSeconds ?? null,
    codeSeconds: 600,
  };
}
