/** What users enter to connect where there is no consent page: an API key, or the values of a session. */
import * as z from 'zod/mini';
import { patternText, seconds, shortText } from './text.ts';

const credentialField = z.strictObject({
  /** Names it in `POST connect`, and as `{id}` in the placement. */
  id: z.string().check(z.regex(/^[a-z]\w{0,31}$/i, 'must be a name of at most 32 characters')),
  label: shortText,
  /** Whether it is hidden while it is entered. */
  secret: z._default(z.boolean(), true),
  required: z._default(z.boolean(), true),
  pattern: z.exactOptional(patternText),
});

export const credentials = z.strictObject({
  fields: z.array(credentialField).check(z.minLength(1), z.maxLength(12)),
  /** Time between two looks at whether they still work. */
  probeEverySeconds: z._default(seconds, 86_400),
  /** How long they live from when they were made, where that is known. */
  lifetimeSeconds: z.exactOptional(seconds),
});

export type CredentialField = z.output<typeof credentialField>;
