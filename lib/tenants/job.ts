/**
 * Jobs: the end of all connections of a user or a tenant. A job is a record that waits among what is due until it is
 * done, so that it is taken up again after whatever interrupts it.
 */
import * as z from 'zod/mini';
import { storedId, type TenantId, token, type UserId } from '../ids.ts';
import { equals, exists } from '../table/condition.ts';
import { dueJobs, dueSort, jobIndexEntry, jobKey } from '../table/keys.ts';
import type { Item, Table } from '../table/table.ts';

export interface Job {
  readonly id: string;
  readonly tenantId: TenantId;
  /** The user whose connections end; all of the tenant's when absent. */
  readonly userId?: UserId;
  readonly status: 'running' | 'done';
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A job that is not done is taken up again after this. */
const againMilliseconds = 60_000;

const record = z.object({
  id: z.string(),
  tenantId: storedId<TenantId>(),
  userId: z.exactOptional(storedId<UserId>()),
  status: z.enum(['running', 'done']),
  createdAt: z.number(),
  updatedAt: z.number(),
});

export type JobStore = ReturnType<typeof createJobStore>;

export function createJobStore(table: Table, now: () => number) {
  return {
    async create(tenantId: TenantId, userId?: UserId): Promise<Job> {
      const at = now();
      const job: Job = {
        id: `job_${token(16)}`,
        tenantId,
        ...(userId !== undefined && { userId }),
        status: 'running',
        createdAt: at,
        updatedAt: at,
      };
      await table.put(jobKey(job.id), { ...job, ...jobIndexEntry(at + againMilliseconds) });
      return job;
    },

    async get(id: string): Promise<Job | undefined> {
      const item = await table.get(jobKey(id));
      return item && record.parse(item);
    },

    /** Says that work goes on: the next look is a while away. */
    async touch(job: Job): Promise<void> {
      const set = { updatedAt: now(), ...jobIndexEntry(now() + againMilliseconds) };
      await table.update(jobKey(job.id), { set }, equals('status', 'running'));
    },

    async finish(job: Job): Promise<void> {
      const set = { status: 'done', updatedAt: now() };
      await table.update(jobKey(job.id), { set, remove: ['dueKey', 'dueSort'] }, exists('pk'));
    },

    /** Ids of jobs that nobody has worked on for a while. */
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
  };
}
