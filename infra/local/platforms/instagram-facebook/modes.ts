/** The switches of the sandbox for Facebook Login: where Meta's pages, its versions and its clients differ. */
import { z } from 'zod';
import { tokenModes } from '../meta/graph-tokens.ts';
import { usageModes } from '../meta/graph-usage.ts';
import { metaWebhookModes } from '../meta/webhooks.ts';

export const modes = z.strictObject({
  ...tokenModes,
  ...usageModes,
  ...metaWebhookModes,
  /** The app's switch "Require App Secret". A proof that is wrong is refused either way. */
  requireProof: z.boolean().default(false),
  /** What deleting the permissions answers, depending on the version. */
  deletionAnswer: z.enum(['object', 'true']).default('object'),
  /** Pages on one answer, whatever `limit` asks for. */
  pageSize: z.int().min(1).default(25),
  /** Id of a Page that every user has lost their role on. */
  lostPage: z.string().default(''),
  /** Whether an exchange makes a token live longer, or tells what is left of it; Meta promises neither. */
  exchange: z.enum(['extends', 'keeps_end']).default('extends'),
  /** Whether answers say how long a token lives; `never` is a token without an end, which says nothing either. */
  expiresIn: z.enum(['present', 'absent', 'never']).default('present'),
  /** How long after the consent the app may read the user's data. */
  dataAccessSeconds: z.int().positive().default(7_776_000),
});
export type Modes = z.output<typeof modes>;
