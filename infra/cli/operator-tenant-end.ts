/**
 * The end of a tenant. It is shut out at once; its connections end at the platforms in a job, and the keys that open
 * its credentials go only when none is left. Repeated, it ends what an earlier call began.
 */
import { openQueue } from '../../lib/aws/queue.ts';
import type { TenantId } from '../../lib/ids.ts';
import { beginJob } from '../../lib/integrations/disconnect-user.ts';
import { requireNoConflict } from '../../lib/table/update.ts';
import { createJobStore, type Job } from '../../lib/tenants/job.ts';
import { withApp } from '../../lib/tenants/tenant.ts';
import { hasClient } from './operator-apps.ts';
import { findConnection } from './operator-connections.ts';
import { type OperatorStores, requireTenant } from './operator-parts.ts';

export interface TenantEnd {
  /** Ends the connections, and then the keys. */
  readonly job: Job;
  /** Apps of the tenant's own that have to wait: without them nothing could be revoked. */
  readonly appsLeft: number;
}

export function tenantEndVerbs(stores: OperatorStores) {
  const { tenants, apps, apiKeys, secrets, now } = stores;
  const jobs = createJobStore(stores.connections, now);
  return {
    async deleteTenant(id: string): Promise<TenantEnd> {
      const tenant = await requireTenant(tenants, id);
      requireNoConflict(await tenants.update(tenant.id, (one) => ({ ...one, status: 'deleted' })));
      for (const key of await apiKeys.list(tenant.id)) await apiKeys.revoke(tenant.id, key.id);
      const isEmpty = (await findConnection(stores, tenant.id)) === undefined;
      const job = await jobFor(tenant.id, isEmpty);
      const own = await apps.list(tenant.id);
      if (!isEmpty) return { job, appsLeft: own.length };
      for (const app of own) {
        if (hasClient(app)) await secrets.remove(app.secretId);
        requireNoConflict(await tenants.update(tenant.id, (one) => withApp(one, app.provider, undefined)));
        await apps.remove(app.context);
      }
      return { job, appsLeft: 0 };
    },
  };

  /** The job that an earlier call began, unless it was done and connections have been found since. */
  async function jobFor(tenantId: TenantId, isEmpty: boolean): Promise<Job> {
    const before = (await jobs.list(tenantId)).find(({ kind }) => kind === 'delete_tenant');
    if (before?.status === 'running' || (before && isEmpty)) return before;
    const queue = openQueue(stores.sqs, stores.queueUrls.jobs.queue);
    return beginJob({ jobs, queue }, { kind: 'delete_tenant', tenantId });
  }
}
