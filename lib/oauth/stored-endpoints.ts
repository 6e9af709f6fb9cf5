/** The stored shape of {@link Endpoints}: frozen into every flow, and into an app whose server was discovered. */
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
