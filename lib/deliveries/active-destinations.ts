/**
 * Caches the ids of a tenant's active destinations for a minute. A new destination receives events within that time; the
 * delivery worker reads each destination from the table before it sends anything.
 */
import { createCache } from '../cache.ts';
import type { TenantId } from '../ids.ts';
import type { DestinationStore } from '../tenants/destination.ts';

/** Returns the ids of a tenant's active destinations. @throws IntegrationError `DATABASE_ERROR`. */
export type ActiveDestinations = (tenantId: TenantId) => Promise<readonly string[]>;

const keptMilliseconds = 60_000;
const keptTenants = 10_000;

export function createActiveDestinations(
  destinations: Pick<DestinationStore, 'list'>,
  monotonic: () => number,
): ActiveDestinations {
  const ids = createCache({
    load: async (tenantId: TenantId): Promise<readonly string[]> => {
      const found = await destinations.list(tenantId);
      return found.filter(({ status }) => status === 'active').map(({ id }) => id);
    },
    monotonic,
    maxAge: keptMilliseconds,
    maxEntries: keptTenants,
  });
  return (tenantId) => ids.get(tenantId);
}
