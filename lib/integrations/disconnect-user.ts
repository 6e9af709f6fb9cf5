/** Begins jobs: the end of a user's connections, or of a tenant's. What follows needs nobody's attention. */
import type { Queue } from '../aws/queue.ts';
import type { TenantId, UserId } from '../ids.ts';
import { type JobMessage, jobMessageFor } from '../messages/jobs.ts';
import type { Job, JobOrder, JobStore } from '../tenants/job.ts';

export interface DisconnectingUser {
  readonly jobId: string;
}

interface BeginParts {
  readonly jobs: JobStore;
  /** The jobs queue. */
  readonly queue: Queue<JobMessage>;
}

/** Ends all connections of a user; of the whole tenant when no user is named. */
export async function disconnectUser(
  parts: BeginParts,
  tenantId: TenantId,
  userId?: UserId,
): Promise<DisconnectingUser> {
  const order: JobOrder = { kind: 'disconnect', tenantId, ...(userId !== undefined && { userId }) };
  const { id } = await beginJob(parts, order);
  return { jobId: id };
}

/** The job is written first: should its message be lost, the sweep finds it. */
export async function beginJob(parts: BeginParts, order: JobOrder): Promise<Job> {
  const job = await parts.jobs.create(order);
  await parts.queue.send(jobMessageFor(job.id, order.tenantId));
  return job;
}
