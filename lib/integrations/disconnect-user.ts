/** Begins the end of all connections of a user, or of a whole tenant. What follows needs nobody's attention. */
import type { Queue } from '../aws/queue.ts';
import type { TenantId, UserId } from '../ids.ts';
import type { JobStore } from '../tenants/job.ts';

export interface DisconnectingUser {
  readonly jobId: string;
}

/** The job is written first: should its message be lost, the sweep finds it. */
export async function disconnectUser(
  parts: { readonly jobs: JobStore; readonly queue: Queue },
  tenantId: TenantId,
  userId?: UserId,
): Promise<DisconnectingUser> {
  const job = await parts.jobs.create(tenantId, userId);
  await parts.queue.send({ body: { jobId: job.id }, group: tenantId });
  return { jobId: job.id };
}
