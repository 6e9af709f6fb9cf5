/** The stored shape of {@link Endpoints}: every flow, and every app with a discovered server, freezes a copy. */
import * as z from 'zod/mini';

export const storedEndpoints = z.object({
  authorization: z.string(),
  token: z.string(),
  refresh: z.exactOptional(z.string()),
  revocation: z.exactOptional(z.string()),
  profile: z.exactOptional(z.string()),
  jwks: z.exactOptional(z.string()),
  others: z.exactOptional(z.record(z.string(), z.string())),
});
