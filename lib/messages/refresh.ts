/** The queue `refresh`: names a connection whose worker decides from its record what to do. */
import * as z from 'zod/mini';
import { type AccountId, type ProviderId, storedId, type TenantId } from '../ids.ts';

export const refreshMessage = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('connection_due'),
    tenantId: storedId<TenantId>(),
    provider: storedId<ProviderId>(),
    accountId: storedId<AccountId>(),
  }),
]);

export type RefreshMessage = z.output<typeof refreshMessage>;

/** The message, in its tenant's group, that has the worker look at a connection. */
export function refreshMessageFor({ tenantId, provider, accountId }: Omit<RefreshMessage, 'kind'>) {
  const body: RefreshMessage = { kind: 'connection_due', tenantId, provider, accountId };
  return { body, group: tenantId };
}
