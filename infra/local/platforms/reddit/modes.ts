/** The switches of the Reddit sandbox: where Reddit's pages, its archived source and its clients differ, both can be had. */
import { z } from 'zod';

export const modes = z.strictObject({
  /** Status of OAuth errors of the code grant: the archived source says 200, some clients expect 400. */
  oauthErrorStatus: z.literal([200, 400]).default(200),
  /**
   * The error of a dead refresh token, always under 400: `bad_request` stands for `{"message":"Bad Request","error":400}`,
   * which production has sent since 2025; the archived source says `invalid_request`, others report `invalid_grant`.
   */
  deadRefreshError: z.enum(['bad_request', 'invalid_request', 'invalid_grant']).default('bad_request'),
  /** `rotating` is what clients recorded in June 2021: each refresh returns a new refresh token. */
  rotation: z.enum(['fixed', 'rotating']).default('fixed'),
  /** What a spent refresh token does besides being refused; Reddit does not say. */
  refreshReuse: z.enum(['refused', 'ends_grant']).default('refused'),
  /** Between scopes in token answers: a space now, a comma in the archived source. */
  scopeSeparator: z.literal([' ', ',']).default(' '),
  revokeStatus: z.literal([200, 204]).default(200),
  /** How a missing or default User-Agent is refused. */
  userAgentRefusal: z.literal([403, 429]).default(403),
  /** Whether the gate also guards token and revoke; one report of 2026 found that it did not. */
  userAgentGateOnTokens: z.boolean().default(true),
  /** The body of a 401 on the API host. */
  unauthorizedBody: z.enum(['html', 'json']).default('html'),
  /** Calls per client in the window: 100 a minute, averaged over ten minutes. */
  rateBudget: z.int().min(0).default(1_000),
  rateWindowSeconds: z.int().min(1).default(600),
  /** Whether a 429 of the budget carries Retry-After. */
  retryAfter: z.boolean().default(true),
  /** Whether the redirect ends in `#_`, as browsers commonly see it. */
  trailingFragment: z.boolean().default(true),
});
export type Modes = z.output<typeof modes>;
