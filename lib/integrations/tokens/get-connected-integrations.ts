/** Lists connections, a page at a time. Nothing sealed is read for it. */
import type { ConnectionStore } from '../../connections/connection-store.ts';
import type { ConnectionView } from '../../contract/views.ts';
import { IntegrationError } from '../../errors.ts';
import type { ProviderId, TenantId, UserId } from '../../ids.ts';
import type { Providers } from '../../providers/providers.ts';
import { findProvider } from '../platform/find-provider.ts';
import { viewConnection } from './connection-view.ts';

export interface ListRequest {
  readonly tenantId: TenantId;
  readonly userId?: UserId;
  /** Only together with a user. */
  readonly provider?: string;
  /** The only providers the caller may see; all when absent. */
  readonly visible?: readonly string[];
  readonly limit: number;
  readonly cursor?: string;
}

/**
 * One page of connections, sorted by user, provider, account.
 * @throws IntegrationError `INVALID_PROVIDER`, `INVALID_REQUEST` for a cursor that is not one of this list.
 */
export async function getConnectedIntegrations(
  deps: { readonly connections: ConnectionStore; readonly providers: Providers },
  request: ListRequest,
): Promise<{ readonly connections: readonly ConnectionView[]; readonly nextCursor: string | null }> {
  const { provider, visible, ...rest } = request;
  const page = await deps.connections.list({
    ...rest,
    ...(provider !== undefined && {
      provider: (await findProvider(deps.providers, { tenantId: request.tenantId, provider }))
        .id satisfies ProviderId,
    }),
  });
  if (page === 'invalid_cursor') {
    throw new IntegrationError('INVALID_REQUEST', 'cursor must be the nextCursor of the page before.');
  }
  return {
    connections: page.connections
      .filter((connection) => visible?.includes(connection.provider) ?? true)
      .map(viewConnection),
    nextCursor: page.cursor ?? null,
  };
}
