/** `hawser jobs …`: long work that the stack does in the background, and its progress. */
import type { Job } from '../../../lib/jobs/job.ts';
import { factSheet, textTable, timeText } from '../terminal/text-table.ts';
import type { Act, Call, Group, Shown } from './call.ts';

export function addJobCommands(jobs: Group, act: Act): void {
  jobs
    .command('list')
    .description("Lists the running jobs, or one tenant's jobs including those done within the last month.")
    .option('--tenant <TENANT>', "list this tenant's jobs")
    .action(act(list));
  jobs.command('show <JOB>').description('Shows a job and its progress.').action(act(show));
}

/** The names of jobs for people. */
const kinds: Readonly<Record<Job['kind'], string>> = {
  disconnect: 'ends connections',
  delete_tenant: 'ends the tenant',
};

async function list(
  { operator }: Call,
  { tenant }: { readonly tenant?: string | undefined },
): Promise<Shown> {
  const jobs = await operator.listJobs(tenant);
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
        tenant === undefined
          ? 'No job is under way. See those of a tenant, done ones included, with --tenant TENANT.'
          : `There are no jobs of tenant "${tenant}".`,
    }),
  };
}

async function show({ operator }: Call, id: string): Promise<Shown> {
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
