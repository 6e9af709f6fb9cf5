/** Begins jobs that disconnect a user, or a whole tenant; the jobs worker finishes them by itself. */
import type { Queue } from '../../aws/queue.ts';
import type { TenantId, UserId } from '../../ids.ts';
import type { Job, JobOrder, JobStore } from '../../jobs/job.ts';
import { type JobMessage, jobMessageFor } from '../../messages/jobs.ts';

export interface DisconnectingUser {
  readonly jobId: string;
}

interface JobDeps {
  readonly jobs: JobStore;
  /** The jobs queue. */
  readonly queue: Queue<JobMessage>;
}

/** Disconnects all accounts of a user; of the whole tenant when no user is named. */
export async function disconnectUser(
  deps: JobDeps,
  tenantId: TenantId,
  userId?: UserId,
): Promise<DisconnectingUser> {
  const order: JobOrder = { kind: 'disconnect', tenantId, ...(userId !== undefined && { userId }) };
  const { id } = await beginJob(deps, order);
  return { jobId: id };
}

/** Writes the job before its message: if the message is lost, the sweep finds the job. */
export async function beginJob(deps: JobDeps, order: JobOrder): Promise<Job> {
  const job = await deps.jobs.create(order);
  await deps.queue.send(jobMessageFor(job.id, order.tenantId));
  return job;
}
