/** A tenant: the application or organisation that calls the API, and what its operator has configured for it. */
import * as z from 'zod/mini';
import { type AppId, type ProviderId, storedId, type TenantId } from '../ids.ts';
import { allTenants, tenantIndexEntry, tenantKey } from '../table/keys.ts';
import type { Item, Table } from '../table/table.ts';
import { type Decide, type Updated, updateItem } from '../table/update.ts';
import type { ReadonlyOutput } from '../vocabulary.ts';

const record = z.object({
  id: storedId<TenantId>(),
  /** Shown to users who are asked for access. */
  name: z.string(),
  status: z.enum(['active', 'deleted']),
  /** Where browsers may be sent after consent: exact URLs without query or fragment. */
  returnUrls: z.array(z.string()),
  /** Whether flows may finish without `complete`; the operator decides, and the default is no. */
  directLinking: z.boolean(),
  /** The tenant's own provider apps; providers not named here use the operator's shared app. */
  apps: z.record(z.string(), storedId<AppId>()),
  /** The tenant's own KMS key, where it brings one. */
  kmsKeyId: z.exactOptional(z.string()),
  /** Epoch milliseconds. */
  createdAt: z.number(),
});
export type Tenant = ReadonlyOutput<typeof record>;

/** Counts the changes of a tenant. Its stored name is from when only changes of apps were counted. */
const revision = 'appsRevision';
const attributesOf = (tenant: Tenant): Item => ({ ...tenant });

/** The tenant with an app of its own at a provider or, without an id, back on the shared app. */
export function withApp(tenant: Tenant, provider: ProviderId, appId: AppId | undefined): Tenant {
  const { [provider]: _previous, ...others } = tenant.apps;
  return { ...tenant, apps: appId === undefined ? others : { ...others, [provider]: appId } };
}

export type TenantStore = ReturnType<typeof createTenantStore>;

export function createTenantStore(table: Table) {
  return {
    async get(id: TenantId): Promise<Tenant | undefined> {
      const item = await table.get(tenantKey(id));
      return item && record.parse(item);
    },

    /** Creates a tenant. Returns whether the id was free: an id once used, even by a deleted tenant, never is. */
    create(tenant: Tenant): Promise<boolean> {
      return table.put(tenantKey(tenant.id), { ...tenant, ...tenantIndexEntry(tenant.id) });
    },

    /** Changes a tenant to what `decide` returns for the current one. It never creates a tenant. */
    update(id: TenantId, decide: Decide<Tenant>): Promise<Updated<Tenant>> {
      const item = {
        table,
        key: tenantKey(id),
        revision,
        read: (stored: Item) => record.parse(stored),
        write: attributesOf,
      };
      return updateItem<Tenant>(item, (tenant) => tenant && decide(tenant));
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
