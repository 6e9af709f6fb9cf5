/** Puts jobs that were interrupted, or wait for their revocations, back into their queue. */
import type { Queue } from '../../aws/queue.ts';
import type { JobStore } from '../../jobs/job.ts';
import { type JobMessage, jobMessageFor } from '../../messages/jobs.ts';

const most = 100;

/** Answers how many. */
export async function resumeJobs(deps: {
  readonly jobs: JobStore;
  readonly queue: Queue<JobMessage>;
}): Promise<number> {
  const due = await deps.jobs.due(most);
  await deps.queue.sendAll(due.map((jobId) => jobMessageFor(jobId, 'jobs')));
  return due.length;
}
