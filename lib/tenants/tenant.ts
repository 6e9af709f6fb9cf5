/** A tenant: the application or organisation that calls the API, and what its operator has settled for it. */
import * as z from 'zod/mini';
import { type ContextId, type ProviderId, storedId, type TenantId } from '../ids.ts';
import { allOf, equals, exists } from '../table/condition.ts';
import { allTenants, tenantIndexEntry, tenantKey } from '../table/keys.ts';
import type { Item, Table } from '../table/table.ts';

export interface Tenant {
  readonly id: TenantId;
  /** Shown to people who are asked for access. */
  readonly name: string;
  readonly status: 'active' | 'deleted';
  /** Where browsers may be sent after consent: exact URLs without query or fragment. */
  readonly returnUrls: readonly string[];
  /** Whether flows may finish without `complete`; the owner's decision, off by default. */
  readonly directLinking: boolean;
  /** The tenant's own provider apps; providers not named here use the owner's shared app. */
  readonly apps: Readonly<Record<string, ContextId>>;
  /** The tenant's own KMS key, where it brings one. */
  readonly kmsKeyId?: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

const record = z.object({
  id: storedId<TenantId>(),
  name: z.string(),
  status: z.enum(['active', 'deleted']),
  returnUrls: z.array(z.string()),
  directLinking: z.boolean(),
  apps: z.record(z.string(), storedId<ContextId>()),
  kmsKeyId: z.exactOptional(z.string()),
  createdAt: z.number(),
});

export type TenantStore = ReturnType<typeof createTenantStore>;

export function createTenantStore(table: Table) {
  return {
    async get(id: TenantId): Promise<Tenant | undefined> {
      const item = await table.get(tenantKey(id));
      return item && record.parse(item);
    },

    /** Answers whether the id was free. An id once used, also by a deleted tenant, is never free again. */
    create(tenant: Tenant): Promise<boolean> {
      return table.put(tenantKey(tenant.id), { ...tenant, ...tenantIndexEntry(tenant.id) });
    },

    /** Changes what the operator may change. Answers the tenant as it is now, or nothing when there is none. */
    async change(
      id: TenantId,
      change: Partial<Pick<Tenant, 'name' | 'status' | 'returnUrls' | 'directLinking' | 'kmsKeyId'>>,
    ): Promise<Tenant | undefined> {
      const item = await table.update(tenantKey(id), { set: change }, exists('pk'));
      return item && record.parse(item);
    },

    /** Names the app that a tenant uses at a provider, or with none returns it to the shared one. */
    async useApp(id: TenantId, provider: ProviderId, context: ContextId | undefined): Promise<boolean> {
      for (;;) {
        const tenant = await this.get(id);
        if (!tenant) return false;
        const { [provider]: previous, ...others } = tenant.apps;
        const apps = context === undefined ? others : { ...others, [provider]: context };
        const unchanged = allOf(exists('pk'), equals('apps', tenant.apps));
        if (await table.update(tenantKey(id), { set: { apps } }, unchanged)) return true;
        if (previous === context) return true;
      }
    },

    /** All tenants, deleted ones included, a page at a time. */
    async list(
      after?: Item,
    ): Promise<{ readonly tenants: readonly Tenant[]; readonly last: Item | undefined }> {
      const page = await table.page(
        { index: 'byTenant', partition: allTenants, limit: 100, ...(after && { after }) },
        Object.keys(record.shape),
      );
      return { tenants: page.items.map((item) => record.parse(item)), last: page.last };
    },
  };
}
