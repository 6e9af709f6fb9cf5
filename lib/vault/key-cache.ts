/**
 * Bounded in-memory cache of tenant keys, with a maximum age and single-flight loading: an instance calls KMS once
 * per tenant, not once per token.
 */
import { type Cache, createCache } from '../cache.ts';
import type { TenantId } from '../ids.ts';
import { doesNotOpen, type TenantKey } from './sealing.ts';
import {
  firstVersion,
  newestVersion,
  storedVersion,
  type TenantKeyDeps,
  unwrapVersion,
} from './tenant-key-versions.ts';

export interface CacheLimits {
  /** Tenants whose keys are held at once; the longest unused goes first. */
  readonly maxTenants: number;
  /** Seconds after which a tenant's keys are read again; how long a rotation or deletion may stay unseen. 0 holds nothing. */
  readonly maxAgeSeconds: number;
}

export interface TenantKeys {
  /** The key to seal with; made when the tenant has none. */
  newest(tenantId: TenantId): Promise<TenantKey>;
  /** The key to open with. @throws IntegrationError VAULT_ERROR when there is no such version. */
  version(tenantId: TenantId, version: number): Promise<TenantKey>;
}

const defaultLimits: CacheLimits = { maxTenants: 1_000, maxAgeSeconds: 300 };
/** Versions held per tenant: sealed values under older ones are re-sealed by their next refresh. */
const maxVersions = 16;
/** A part of what is held for a tenant lives as long as the whole. */
const asLongAsTheTenant = Number.POSITIVE_INFINITY;

export interface KeyCacheDeps extends TenantKeyDeps {
  /** Milliseconds of a clock that cannot be set back, by which keys in memory grow old. */
  readonly monotonic: () => number;
}

export function cacheTenantKeys(
  deps: KeyCacheDeps,
  limits: CacheLimits = defaultLimits,
  onCache?: (hit: boolean) => void,
): TenantKeys {
  const { monotonic } = deps;
  const tenants = createCache({
    load: async (tenantId: TenantId) => holdKeys(deps, tenantId),
    monotonic,
    maxAge: limits.maxAgeSeconds * 1_000,
    maxEntries: limits.maxTenants,
  });

  return {
    newest: (tenantId) => keyOf(tenantId, 'newest'),
    version: (tenantId, version) => keyOf(tenantId, version),
  };

  async function keyOf(tenantId: TenantId, name: 'newest' | number): Promise<TenantKey> {
    const keys = await tenants.get(tenantId);
    onCache?.(keys.has(name));
    return keys.get(name);
  }
}

/** All that is held for one tenant; it is dropped as a whole. */
function holdKeys(deps: KeyCacheDeps, tenantId: TenantId): Cache<'newest' | number, TenantKey> {
  const { monotonic } = deps;
  const stored = createCache({
    load: () => newestVersion(deps, tenantId),
    monotonic,
    // "There is none yet" changes at any moment, so it is not held.
    maxAge: (version) => (version ? asLongAsTheTenant : 0),
    maxEntries: 1,
  });
  const keys = createCache({
    load: (name: 'newest' | number) => (name === 'newest' ? loadNewest() : loadVersion(name)),
    monotonic,
    maxAge: asLongAsTheTenant,
    maxEntries: maxVersions,
  });
  return keys;

  async function loadNewest(): Promise<TenantKey> {
    const newest = await stored.get('newest');
    if (newest) return keys.get(newest.version);
    const first = await firstVersion(deps, tenantId);
    keys.put(first.version, first);
    return first;
  }

  async function loadVersion(version: number): Promise<TenantKey> {
    // The newest is read even for an older version, because it tells whether the tenant is deleted.
    const newest = await stored.get('newest');
    const found = newest?.version === version ? newest : await storedVersion(deps, tenantId, version);
    if (found === undefined) throw doesNotOpen();
    return unwrapVersion(deps, tenantId, found);
  }
}
