/** A tenant: the application or organisation that calls the API, and what its operator has settled for it. */
import * as z from 'zod/mini';
import { type ContextId, type ProviderId, storedId, type TenantId } from '../ids.ts';
import { absent, allOf, equals, exists } from '../table/condition.ts';
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

/** Counts the changes of a tenant's apps, so that two at once do not undo each other. */
const revision = 'appsRevision';
const appsRevision = z._default(z.number(), 0);

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

    /**
     * Names the app that a tenant uses at a provider, or with none returns it to the shared one. Answers whether there
     * is such a tenant.
     */
    async useApp(id: TenantId, provider: ProviderId, context: ContextId | undefined): Promise<boolean> {
      for (;;) {
        const item = await table.get(tenantKey(id));
        if (!item) return false;
        const { [provider]: _previous, ...others } = record.parse(item).apps;
        const apps = context === undefined ? others : { ...others, [provider]: context };
        // A count, and not the apps themselves: not every engine of DynamoDB's API compares maps.
        const seen = appsRevision.parse(item[revision]);
        const unchanged = seen === 0 ? absent(revision) : equals(revision, seen);
        const change = { set: { apps, [revision]: seen + 1 } };
        if (await table.update(tenantKey(id), change, allOf(exists('pk'), unchanged))) return true;
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
