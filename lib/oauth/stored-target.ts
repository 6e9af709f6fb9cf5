/** The stored shape of where a grant's platform is: frozen into each flow when it begins, and into its connections. */
import * as z from 'zod/mini';
import { storedEndpoints } from './stored-endpoints.ts';

export const storedTarget = z.object({
  issuer: z.exactOptional(z.string()),
  issuerInResponse: z.boolean(),
  endpoints: storedEndpoints,
  /** The connection's variables, which headers and parameters may hold beside the URLs. */
  variables: z.exactOptional(z.record(z.string(), z.string())),
});
