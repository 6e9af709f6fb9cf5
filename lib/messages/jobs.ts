/** The queue `jobs`: names a job, whose record says what is to be done. */
import * as z from 'zod/mini';

export const jobMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('run_job'), jobId: z.string() }),
]);

export type JobMessage = z.output<typeof jobMessage>;

/** @param group whose jobs wait for each other: a tenant, or what the sweep found. */
export function jobMessageFor(jobId: string, group: string) {
  const body: JobMessage = { kind: 'run_job', jobId };
  return { body, group };
}
