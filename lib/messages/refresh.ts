/** The queue `refresh`: names a connection whose worker decides from its record what to do. */
import * as z from 'zod/mini';
import { type AccountId, type ProviderId, storedId, type TenantId } from '../ids.ts';

export const refreshMessage = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('connection_due'),
    tenantId: storedId<TenantId>(),
    provider: storedId<ProviderId>(),
    accountId: storedId<AccountId>(),
    /** Its provider was paused when the sweep found it: neither a user nor a tenant asked for this work. */
    park: z.exactOptional(z.literal(true)),
  }),
]);

export type RefreshMessage = z.output<typeof refreshMessage>;

/** The message, in its tenant's group, that has the worker look at a connection. */
export function refreshMessageFor(
  { tenantId, provider, accountId }: Pick<RefreshMessage, 'tenantId' | 'provider' | 'accountId'>,
  { park = false }: { readonly park?: boolean } = {},
) {
  const body: RefreshMessage = {
    kind: 'connection_due',
    tenantId,
    provider,
    accountId,
    ...(park && { park }),
  };
  return { body, group: tenantId };
}
