/** The switches of the sandbox for Instagram Login: where Meta's pages and its clients differ, both can be had. */
import { z } from 'zod';
import { tokenModes } from '../meta/graph-tokens.ts';
import { usageModes } from '../meta/graph-usage.ts';
import { metaWebhookModes } from '../meta/webhooks.ts';

export const modes = z.strictObject({
  ...tokenModes,
  ...usageModes,
  ...metaWebhookModes,
  /** The documents wrap the short-lived token in an array; many clients read it flat. */
  tokenBody: z.enum(['wrapped', 'flat']).default('wrapped'),
  /** How ids are written; as numbers they are above 2^53. */
  ids: z.enum(['text', 'number']).default('text'),
  permissions: z.enum(['text', 'list']).default('text'),
  profileBody: z.enum(['flat', 'wrapped']).default('flat'),
  /** How a wrong secret is refused: in the Graph envelope, or in the shape of the other token errors. */
  secretRefusal: z.enum(['graph', 'flat']).default('graph'),
  /** Age before which Meta does not refresh a long-lived token. */
  minimumAgeSeconds: z.int().min(0).default(86_400),
  /** The error code of a refresh that comes too early, which Meta does not document. */
  tooEarlyCode: z.int().default(100),
  /** Whether a refresh returns a new token or the same one with a new expiry; Meta says neither. */
  refreshedToken: z.enum(['new', 'same']).default('new'),
  /** Whether answers say how long a token lives. */
  expiresIn: z.enum(['present', 'absent']).default('present'),
});
export type Modes = z.output<typeof modes>;
