/** The switches of the OnlyFans sandbox: nothing of the platform is documented, so what clients report in two ways can be had in both. */
import { z } from 'zod';

export const modes = z.strictObject({
  /** Status of a refusal: both are reported for the same sentence. */
  refusalStatus: z.literal([400, 401]).default(401),
  /** `error.code` of a refusal, which need not be its status. */
  refusalCode: z.int().default(401),
  /** How the platform answers a session that is over: with its end, or as it answers a wrong signature. */
  endedSession: z.enum(['Access denied.', 'Please refresh the page']).default('Access denied.'),
  /** Whether `sign` is checked. */
  signature: z.enum(['checked', 'ignored']).default('checked'),
  /** The revision of the signing rules that the site is at; raise it to rotate them. */
  siteRules: z.int().min(1).default(1),
  /** The revision that the signer knows. */
  signerRules: z.int().min(1).default(1),
  /** Whether the signer says if its rules are the site's. */
  signerHealth: z.enum(['present', 'absent']).default('present'),
  /** Whether a good answer brings another `sess` along. */
  newSess: z.enum(['never', 'offered']).default('never'),
  /** What `users/me` says to a good call: the truth, or one of the answers that must not be taken for it. */
  profile: z.enum(['own', 'other_user', 'no_id', 'zero_id', 'list', 'page']).default('own'),
  /** Whether the edge stops calls with a challenge before the site sees them. */
  edge: z.enum(['open', 'challenge']).default('open'),
});
export type Modes = z.output<typeof modes>;
