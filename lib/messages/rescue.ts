/** The queue `rescue`: refreshed credentials, sealed, that could not be stored when the platform gave them. */
import * as z from 'zod/mini';
import { type AccountId, type ConnectionId, type ProviderId, storedId, type TenantId } from '../ids.ts';

export const rescueMessage = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('refreshed_credentials'),
    tenantId: storedId<TenantId>(),
    provider: storedId<ProviderId>(),
    accountId: storedId<AccountId>(),
    /** The connection, and the generation of the credentials that these replace. */
    id: storedId<ConnectionId>(),
    generation: z.number(),
    /** Sealed bytes in Base64. */
    sealed: z.object({ accessToken: z.string(), refreshToken: z.exactOptional(z.string()) }),
    /** Times are epoch milliseconds. */
    obtainedAt: z.exactOptional(z.number()),
    expiresAt: z.exactOptional(z.number()),
    refreshExpiresAt: z.exactOptional(z.number()),
    scopes: z.exactOptional(z.array(z.string())),
  }),
]);

export type RescueMessage = z.output<typeof rescueMessage>;
