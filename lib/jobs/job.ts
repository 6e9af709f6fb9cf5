/**
 * Jobs: disconnecting all connections of a user or a tenant, or deleting a tenant. A job is a record in the due index
 * until it is done, so that the sweep resumes it after any interruption.
 */
import * as z from 'zod/mini';
import { storedId, type TenantId, token, type UserId } from '../ids.ts';
import { equals } from '../table/condition.ts';
import {
  dueJobs,
  dueSort,
  jobIndexEntry,
  jobKey,
  jobListEntry,
  jobSortPrefix,
  tenantPartition,
} from '../table/keys.ts';
import type { Item, Table } from '../table/table.ts';
import type { ReadonlyOutput } from '../vocabulary.ts';

const jobKind = z.enum([
  /** Disconnects one user's connections, or all of the tenant's. */
  'disconnect',
  /** Disconnects all of the tenant's connections, then deletes the keys that open its credentials. */
  'delete_tenant',
]);

const order = {
  kind: jobKind,
  tenantId: storedId<TenantId>(),
  /** The user whose connections end; all of the tenant's when absent. */
  userId: z.exactOptional(storedId<UserId>()),
};
const record = z.object({
  ...order,
  id: z.string(),
  status: z.enum(['running', 'done']),
  /** How many connections the last round found. */
  left: z.exactOptional(z.number()),
  /** Epoch milliseconds. */
  createdAt: z.number(),
  updatedAt: z.number(),
});

/** What a job does, and for whom. */
export type JobOrder = Pick<Job, keyof typeof order>;
export type Job = ReadonlyOutput<typeof record>;

/** The sweep resumes an unfinished job after this long without progress. */
const againMilliseconds = 60_000;
/** How long a finished job can be looked up. */
const keptSeconds = 30 * 86_400;
const pageSize = 100;

const attributes = Object.keys(record.shape);

export type JobStore = ReturnType<typeof createJobStore>;

export function createJobStore(table: Table, now: () => number) {
  return {
    async create(order: JobOrder): Promise<Job> {
      const at = now();
      const job: Job = {
        ...order,
        id: `job_${token(16)}`,
        status: 'running',
        createdAt: at,
        updatedAt: at,
      };
      await table.put(jobKey(job.id), {
        ...job,
        ...jobIndexEntry(at + againMilliseconds),
        ...jobListEntry(job.tenantId, job.id),
      });
      return job;
    },

    async get(id: string): Promise<Job | undefined> {
      const item = await table.get(jobKey(id));
      return item && record.parse(item);
    },

    /** Records progress, and how many connections the round found: postpones the next resumption by the sweep. */
    async touch(job: Job, left?: number): Promise<void> {
      const set = {
        updatedAt: now(),
        ...jobIndexEntry(now() + againMilliseconds),
        ...(left !== undefined && { left }),
      };
      await table.update(jobKey(job.id), { set }, equals('status', 'running'));
    },

    async finish(job: Job): Promise<void> {
      const at = now();
      const set = { status: 'done', left: 0, updatedAt: at, ttl: Math.floor(at / 1000) + keptSeconds };
      await table.update(jobKey(job.id), { set, remove: ['dueKey', 'dueSort'] }, equals('status', 'running'));
    },

    /** Ids of jobs without recent progress. */
    async due(limit: number, after?: Item): Promise<readonly string[]> {
      const page = await table.query({
        index: 'byDue',
        partition: dueJobs,
        upTo: dueSort(now()),
        limit,
        ...(after && { after }),
      });
      return page.items.map((item) => String(item['pk']).slice('job#'.length));
    },

    /** All running jobs, of every tenant. */
    running: () => all({ index: 'byDue', partition: dueJobs }),

    /** A tenant's jobs, including those finished in the last month, newest first. */
    async list(tenantId: TenantId): Promise<readonly Job[]> {
      const jobs = await all({
        index: 'byTenant',
        partition: tenantPartition(tenantId),
        sortPrefix: jobSortPrefix,
      });
      return jobs.toSorted((one, other) => other.createdAt - one.createdAt);
    },
  };

  async function all(query: Omit<Parameters<Table['page']>[0], 'limit' | 'after'>): Promise<readonly Job[]> {
    const jobs: Job[] = [];
    let after: Item | undefined;
    do {
      const page = await table.page({ ...query, limit: pageSize, ...(after && { after }) }, attributes);
      jobs.push(...page.items.map((item) => record.parse(item)));
      after = page.last;
    } while (after !== undefined);
    return jobs;
  }
}
