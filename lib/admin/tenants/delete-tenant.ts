/**
 * Deletes a tenant. Its API keys stop working at once. A job then revokes its connections at the platforms and, when
 * none is left, destroys the keys that open its credentials. A repeated call completes an interrupted one.
 */
import { openQueue } from '../../aws/queue.ts';
import type { TenantId } from '../../ids.ts';
import { beginJob } from '../../integrations/disconnect/disconnect-user.ts';
import { createJobStore, type Job } from '../../jobs/job.ts';
import type { JobMessage } from '../../messages/jobs.ts';
import { requireNoConflict } from '../../table/update.ts';
import { withApp } from '../../tenants/tenant.ts';
import { hasClient } from '../apps.ts';
import { findConnection } from '../connections/connections.ts';
import { type AdminStores, requireTenant } from '../deps.ts';

export interface TenantDeletion {
  /** Disconnects the connections, then destroys the keys. */
  readonly job: Job;
  /** How many of the tenant's own apps stay until the job is done, because revoking needs them. */
  readonly appsLeft: number;
}

export function deleteTenantActions(stores: AdminStores) {
  const { tenants, apps, apiKeys, secrets, now } = stores;
  const jobs = createJobStore(stores.connections, now);
  return {
    async deleteTenant(id: string): Promise<TenantDeletion> {
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
        await apps.remove(app.appId);
      }
      return { job, appsLeft: 0 };
    },
  };

  /** The job of an earlier call, unless it is done and the tenant has connections again. */
  async function jobFor(tenantId: TenantId, isEmpty: boolean): Promise<Job> {
    const before = (await jobs.list(tenantId)).find(({ kind }) => kind === 'delete_tenant');
    if (before?.status === 'running' || (before && isEmpty)) return before;
    const queue = openQueue<JobMessage>(stores.sqs, stores.queueUrls.jobs.queue);
    return beginJob({ jobs, queue }, { kind: 'delete_tenant', tenantId });
  }
}
