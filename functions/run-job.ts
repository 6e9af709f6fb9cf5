/** Worker of the queue `jobs`: disconnects a user's or a tenant's connections, and destroys a deleted tenant's keys. */

import { readSettings } from '../lib/config.ts';
import { createConnectionStore } from '../lib/connections/connection-store.ts';
import type { TenantId } from '../lib/ids.ts';
import { runJob } from '../lib/integrations/disconnect/run-job.ts';
import { createJobStore } from '../lib/jobs/job.ts';
import { jobMessage } from '../lib/messages/jobs.ts';
import { batch } from '../lib/runtime/batch.ts';
import { now, openConnectionsTable, queueOf } from '../lib/runtime/compose.ts';
import { createDestinationStore } from '../lib/tenants/destination.ts';
import { deleteTenantKeys } from '../lib/vault/tenant-key-versions.ts';

const settings = readSettings('run-job');
const connectionsTable = openConnectionsTable(settings);
const deps = {
  connections: createConnectionStore(connectionsTable),
  jobs: createJobStore(connectionsTable, now),
  refreshQueue: queueOf('refresh', settings),
  deleteDestinations: (tenantId: TenantId) => createDestinationStore(connectionsTable).removeAll(tenantId),
  deleteKeys: (tenantId: TenantId) => deleteTenantKeys({ table: connectionsTable, now }, tenantId),
  now,
};

export const handler = batch(
  { functionName: 'run-job', now },
  jobMessage,
  // The sweep resumes an unfinished job, so its message is done either way.
  async ({ jobId }) => void (await runJob(deps, jobId)),
);
