/** Creates, lists and changes tenants. */
import { type TenantId, tenantIdPattern } from '../../ids.ts';
import type { Item } from '../../table/table.ts';
import { requireNoConflict } from '../../table/update.ts';
import type { Tenant, TenantStore } from '../../tenants/tenant.ts';
import type { Purpose } from '../../vault/kms-keys.ts';
import { newestVersion, storedVersion } from '../../vault/tenant-key-versions.ts';
import { type AdminStores, requireLivingTenant, requireTenant, vaultDepsOf } from '../deps.ts';

export interface TenantChange {
  readonly name?: string;
  readonly directLinking?: boolean;
  /** The ARN of the tenant's own KMS key, or `none` for the vault's key. */
  readonly kmsKeyId?: string;
}

const kmsKeyArnPattern = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/;
const purposes: readonly Purpose[] = ['credentials', 'destinations'];

export function tenantActions(stores: AdminStores) {
  const { tenants, now } = stores;

  return {
    requireTenant: (id: string) => requireTenant(tenants, id),

    async createTenant(id: string, name: string): Promise<Tenant> {
      if (!tenantIdPattern.test(id)) {
        throw new Error(
          'A tenant id has 2-63 lower-case letters, digits and dashes, and does not begin with a dash.',
        );
      }
      const tenant: Tenant = {
        id: id as TenantId,
        name: checkName(name),
        status: 'active',
        returnUrls: [],
        directLinking: false,
        apps: {},
        createdAt: now(),
      };
      if (!(await tenants.create(tenant))) throw new Error(`Tenant "${id}" exists or has existed.`);
      return tenant;
    },

    /** All tenants, deleted ones included. */
    async listTenants(): Promise<readonly Tenant[]> {
      const found: Tenant[] = [];
      for await (const tenant of allTenants(tenants)) found.push(tenant);
      return found;
    },

    async changeTenant(id: string, change: TenantChange): Promise<Tenant> {
      const { kmsKeyId, ...rest } = change;
      const tenant = await requireLivingTenant(tenants, id);
      if (rest.name !== undefined) checkName(rest.name);
      if (kmsKeyId !== undefined) await changeKmsKey(tenant, kmsKeyId);
      requireNoConflict(await tenants.update(tenant.id, (one) => ({ ...one, ...rest })));
      return requireTenant(tenants, id);
    },
  };

  /**
   * Refuses while a version of the tenant's key is wrapped under its present KMS key: it could never be opened again.
   */
  async function changeKmsKey(tenant: Tenant, kmsKeyId: string): Promise<void> {
    const wanted = kmsKeyId === 'none' ? undefined : kmsKeyId;
    if (wanted !== undefined && !kmsKeyArnPattern.test(wanted)) {
      throw new Error('Give a KMS key by its ARN, arn:aws:kms:REGION:ACCOUNT:key/ID, or none.');
    }
    if (wanted === tenant.kmsKeyId) return;
    if (await usesOwnKmsKey(tenant.id)) {
      throw new Error(
        `Credentials of tenant "${tenant.id}" are sealed under its present KMS key, so it cannot be changed.`,
      );
    }
    const updated = await tenants.update(tenant.id, ({ kmsKeyId: _before, ...rest }) => ({
      ...rest,
      ...(wanted !== undefined && { kmsKeyId: wanted }),
    }));
    requireNoConflict(updated);
  }

  async function usesOwnKmsKey(tenantId: TenantId): Promise<boolean> {
    for (const purpose of purposes) {
      const deps = { ...vaultDepsOf(stores), purpose };
      const newest = await newestVersion(deps, tenantId);
      for (let version = newest?.version ?? 0; version > 0; version -= 1) {
        if ((await storedVersion(deps, tenantId, version))?.wrapped.under === 'tenant') return true;
      }
    }
    return false;
  }
}

/** All tenants page by page, deleted ones included. */
export async function* allTenants(tenants: TenantStore): AsyncGenerator<Tenant> {
  let after: Item | undefined;
  do {
    const page = await tenants.list(after);
    yield* page.tenants;
    after = page.last;
  } while (after !== undefined);
}

/** Consent pages show this name to people, so it must be readable. */
function checkName(name: string): string {
  if (!/^[^\p{Cc}\p{Cf}]{1,100}$/u.test(name) || name.trim() !== name) {
    throw new Error('A name has 1-100 characters, no control characters, and no leading or trailing spaces.');
  }
  return name;
}
