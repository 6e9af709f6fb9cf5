/** Shows the stack's background jobs, and starts the job that disconnects all accounts of a user. */
import { openQueue } from '../aws/queue.ts';
import { isOpaqueId, type UserId } from '../ids.ts';
import { disconnectUser } from '../integrations/disconnect/disconnect-user.ts';
import { createJobStore, type Job } from '../jobs/job.ts';
import type { JobMessage } from '../messages/jobs.ts';
import { type AdminStores, requireTenant } from './deps.ts';

export function jobActions({ connections, tenants, now, sqs, queueUrls }: AdminStores) {
  const jobs = createJobStore(connections, now);
  return {
    findJob,

    /** All running jobs; or one tenant's jobs, including those that finished within the last month. */
    async listJobs(tenantId?: string): Promise<readonly Job[]> {
      return tenantId === undefined ? jobs.running() : jobs.list((await requireTenant(tenants, tenantId)).id);
    },

    /** Starts a job that disconnects all accounts of a user, here and at the platforms. */
    async disconnectUserOf(tenantId: string, userId: string): Promise<Job> {
      const tenant = await requireTenant(tenants, tenantId);
      if (!isOpaqueId(userId)) throw new Error('A user id has 1-128 characters and no control characters.');
      const deps = { jobs, queue: openQueue<JobMessage>(sqs, queueUrls.jobs.queue) };
      const { jobId } = await disconnectUser(deps, tenant.id, userId as UserId);
      return findJob(jobId);
    },
  };

  async function findJob(id: string): Promise<Job> {
    const job = await jobs.get(id);
    if (!job) throw new Error('There is no such job. Finished jobs are kept for a month.');
    return job;
  }
}
