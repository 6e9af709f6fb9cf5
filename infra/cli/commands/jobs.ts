/** `hawser jobs …`: long work of the stack, and how far it has come. */
import type { Job } from '../../../lib/tenants/job.ts';
import { factSheet, textTable, timeText } from '../terminal/text-table.ts';
import type { Call, Command, Shown } from './command.ts';

export const jobCommands: readonly Command[] = [
  {
    usage: 'jobs list [--tenant TENANT]',
    summary: 'Lists the jobs under way, or those of one tenant, done ones of the last month included.',
    act: list,
  },
  { usage: 'jobs show JOB', summary: 'Shows a job.', act: show },
];

/** How a job is called where people read. */
const kinds: Readonly<Record<Job['kind'], string>> = {
  disconnect: 'ends connections',
  delete_tenant: 'ends the tenant',
};

async function list({ operator, given }: Call): Promise<Shown> {
  const jobs = await operator.listJobs(given.tenant);
  const rows = jobs.map((job) => [
    job.id,
    kinds[job.kind],
    job.tenantId,
    job.userId ?? '-',
    job.status,
    job.left === undefined ? '-' : String(job.left),
    timeText(job.updatedAt),
  ]);
  return {
    data: { jobs: jobs.map(viewJob) },
    text:
      rows.length === 0
        ? ''
        : textTable(['JOB', 'WHAT', 'TENANT', 'USER', 'STATUS', 'LEFT', 'LAST WORKED ON'], rows),
    ...(rows.length === 0 && {
      note:
        given.tenant === undefined
          ? 'No job is under way. See those of a tenant, done ones included, with --tenant TENANT.'
          : `There are no jobs of tenant "${given.tenant}".`,
    }),
  };
}

async function show({ operator, arguments: [id = ''] }: Call): Promise<Shown> {
  const job = await operator.findJob(id);
  return { data: viewJob(job), text: describeJob(job) };
}

export function describeJob(job: Job): string {
  return factSheet([
    ['Job', job.id],
    ['What', kinds[job.kind]],
    ['Tenant', job.tenantId],
    ...(job.userId === undefined ? [] : ([['User', job.userId]] as const)),
    ['Status', job.status],
    ['Connections left', job.left === undefined ? 'not counted yet' : String(job.left)],
    ['Begun', timeText(job.createdAt)],
    ['Last worked on', timeText(job.updatedAt)],
  ]);
}

/** For programs. */
export function viewJob({ createdAt, updatedAt, ...job }: Job) {
  return { ...job, createdAt: timeText(createdAt), updatedAt: timeText(updatedAt) };
}
