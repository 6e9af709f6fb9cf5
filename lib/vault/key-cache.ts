/**
 * Tenant keys in memory: for a bounded number of tenants and a bounded time, each loaded once however many ask for
 * it at the same moment. So KMS is called per tenant and instance, not per token.
 */
import type { TenantId } from '../ids.ts';
import { doesNotOpen, type TenantKey } from './sealing.ts';
import {
  firstVersion,
  newestVersion,
  storedVersion,
  type TenantKeyParts,
  unwrapVersion,
} from './tenant-key-versions.ts';

export interface CacheLimits {
  /** Tenants whose keys are held at once; the longest unused goes first. */
  readonly maxTenants: number;
  /** Seconds after which a tenant's keys are read anew; how long a rotation or deletion may stay unseen. 0 holds nothing. */
  readonly maxAgeSeconds: number;
}

export interface TenantKeys {
  /** The key to seal with; made when the tenant has none. */
  newest(tenantId: TenantId): Promise<TenantKey>;
  /** The key to open with. @throws IntegrationError VAULT_ERROR when there is no such version. */
  version(tenantId: TenantId, version: number): Promise<TenantKey>;
}

type StoredNewest = Awaited<ReturnType<typeof newestVersion>>;

/** All that is held for one tenant; it is dropped as a whole. */
interface Holding {
  readonly since: number;
  stored: Promise<StoredNewest> | undefined;
  readonly keys: Map<'newest' | number, Promise<TenantKey>>;
}

const defaultLimits: CacheLimits = { maxTenants: 1_000, maxAgeSeconds: 300 };
/** Versions held per tenant: sealed values under older ones are re-sealed by their next refresh. */
const maxVersions = 16;

export function cacheTenantKeys(
  parts: TenantKeyParts,
  limits: CacheLimits = defaultLimits,
  onCache?: (hit: boolean) => void,
): TenantKeys {
  const holdings = new Map<TenantId, Holding>();

  return {
    newest(tenantId) {
      const holding = holdingOf(tenantId);
      onCache?.(holding.keys.has('newest'));
      return shared(holding, 'newest', async () => {
        const stored = await storedNewest(holding, tenantId);
        if (stored) return shared(holding, stored.version, () => unwrapVersion(parts, tenantId, stored));
        const first = firstVersion(parts, tenantId);
        const { version } = await first;
        return shared(holding, version, () => first);
      });
    },

    version(tenantId, version) {
      const holding = holdingOf(tenantId);
      onCache?.(holding.keys.has(version));
      return shared(holding, version, async () => {
        // The newest is read even for an older version, because it tells whether the tenant is deleted.
        const newest = await storedNewest(holding, tenantId);
        const stored = newest?.version === version ? newest : await storedVersion(parts, tenantId, version);
        if (stored === undefined) throw doesNotOpen();
        return unwrapVersion(parts, tenantId, stored);
      });
    },
  };

  function holdingOf(tenantId: TenantId): Holding {
    const now = parts.now();
    const known = holdings.get(tenantId);
    holdings.delete(tenantId);
    const age = known === undefined ? Number.NaN : now - known.since;
    // A clock that was set back must not lengthen a key's time, hence the lower bound.
    const holding =
      known && age >= 0 && age < limits.maxAgeSeconds * 1_000
        ? known
        : { since: now, stored: undefined, keys: new Map() };
    // A Map keeps the order of insertion, so the first entry is the one longest unused.
    holdings.set(tenantId, holding);
    dropFirst(holdings, limits.maxTenants);
    return holding;
  }

  function shared(
    holding: Holding,
    name: 'newest' | number,
    load: () => Promise<TenantKey>,
  ): Promise<TenantKey> {
    const held = holding.keys.get(name);
    if (held) return held;
    const loading = load();
    holding.keys.set(name, loading);
    dropFirst(holding.keys, maxVersions);
    loading.catch(() => {
      if (holding.keys.get(name) === loading) holding.keys.delete(name);
    });
    return loading;
  }

  function storedNewest(holding: Holding, tenantId: TenantId): Promise<StoredNewest> {
    if (holding.stored) return holding.stored;
    const loading = newestVersion(parts, tenantId);
    holding.stored = loading;
    const forget = () => {
      holding.stored = undefined;
    };
    // "There is none yet" changes at any moment, so it is not held.
    loading.then((stored) => stored ?? forget(), forget);
    return loading;
  }
}

function dropFirst<Name>(map: Map<Name, unknown>, limit: number): void {
  if (map.size <= limit) return;
  const [first] = map.keys();
  if (first !== undefined) map.delete(first);
}
