/**
 * Which destinations of a tenant take events, from memory for a minute: a new one is told within that time, and the
 * deliverer asks the table about each before it sends anything.
 */
import type { TenantId } from '../ids.ts';
import type { DestinationStore } from '../tenants/destination.ts';

/** Ids of a tenant's active destinations. @throws IntegrationError `DATABASE_ERROR`. */
export type ActiveDestinations = (tenantId: TenantId) => Promise<readonly string[]>;

const keptMilliseconds = 60_000;
const keptTenants = 10_000;

export function rememberDestinations(
  destinations: Pick<DestinationStore, 'list'>,
  now: () => number,
): ActiveDestinations {
  const kept = new Map<TenantId, { readonly ids: readonly string[]; readonly since: number }>();
  return async (tenantId) => {
    const known = kept.get(tenantId);
    const age = known ? now() - known.since : Number.NaN;
    // A clock that was set back must not lengthen the time.
    if (known && age >= 0 && age < keptMilliseconds) return known.ids;
    const since = now();
    const found = await destinations.list(tenantId);
    const ids = found.filter(({ status }) => status === 'active').map(({ id }) => id);
    kept.delete(tenantId);
    kept.set(tenantId, { ids, since });
    // A Map keeps the order of insertion, so the first entry is the oldest.
    const oldest = kept.keys().next().value;
    if (kept.size > keptTenants && oldest !== undefined) kept.delete(oldest);
    return ids;
  };
}
