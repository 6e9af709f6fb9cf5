/**
 * Disconnects every account of a user or a tenant: marks all connections, hands each to the refresh worker to revoke,
 * and is done when none is left. A deleted tenant's destinations and keys are deleted last. Every step can be repeated;
 * the sweep resumes the job each minute until it is done.
 */
import type { Queue } from '../../aws/queue.ts';
import type { Connection } from '../../connections/connection.ts';
import type { ConnectionStore } from '../../connections/connection-store.ts';
import { flowMilliseconds } from '../../flows/flow.ts';
import type { TenantId } from '../../ids.ts';
import type { Job, JobStore } from '../../jobs/job.ts';
import { type RefreshMessage, refreshMessageFor } from '../../messages/refresh.ts';
import { beginDisconnect } from './begin-disconnect.ts';

export interface JobDeps {
  readonly connections: ConnectionStore;
  readonly jobs: JobStore;
  /** The queue whose worker revokes. */
  readonly refreshQueue: Queue<RefreshMessage>;
  /** Deletes, for good, where a tenant's events are delivered. */
  readonly deleteDestinations: (tenantId: TenantId) => Promise<void>;
  /** Deletes, for good, the keys that open a tenant's credentials. */
  readonly deleteKeys: (tenantId: TenantId) => Promise<void>;
  readonly now: () => number;
}

const pageSize = 100;
/** Writes at once; a tenant's connections lie in different partitions, so this is about sockets, not about DynamoDB. */
const together = 10;
/** A round that takes longer leaves the rest to the next one, inside the worker's time-out of a minute. */
const roundMilliseconds = 40_000;
/**
 * A flow that began before its tenant was deleted may still be finished, and its connection must find its keys, or
 * nobody could revoke it. The minute is that for which functions remember a credential.
 */
const lastFlowMilliseconds = flowMilliseconds + 60_000;

/** Answers whether nothing is left to do. */
export async function runJob(deps: JobDeps, id: string): Promise<boolean> {
  const job = await deps.jobs.get(id);
  if (job?.status !== 'running') return true;
  await deps.jobs.touch(job);
  const left = await endConnections(deps, job);
  if (left > 0 || mayStillGrow(deps, job)) {
    await deps.jobs.touch(job, left);
    return false;
  }
  if (job.kind === 'delete_tenant') {
    await deps.deleteDestinations(job.tenantId);
    await deps.deleteKeys(job.tenantId);
  }
  await deps.jobs.finish(job);
  return true;
}

/** Answers how many connections there were. */
async function endConnections(deps: JobDeps, job: Job): Promise<number> {
  const began = deps.now();
  let met = 0;
  let cursor: string | undefined;
  do {
    const page = await deps.connections.list({
      tenantId: job.tenantId,
      ...(job.userId !== undefined && { userId: job.userId }),
      limit: pageSize,
      ...(cursor !== undefined && { cursor }),
    });
    if (page === 'invalid_cursor') throw new Error('The list of connections refused its own cursor.');
    met += page.connections.length;
    // The worker has those that an earlier round marked, or retries them at their due date.
    const wanted = page.connections.filter((connection) => isWaiting(connection, deps.now()));
    for (let from = 0; from < wanted.length; from += together) {
      await Promise.all(
        wanted.slice(from, from + together).map((connection) => beginDisconnect(deps, connection)),
      );
    }
    await deps.refreshQueue.sendAll(wanted.map((one) => refreshMessageFor(one)));
    cursor = page.cursor;
  } while (cursor !== undefined && deps.now() < began + roundMilliseconds);
  return met;
}

function isWaiting({ status, dueAt = 0 }: Connection, now: number): boolean {
  return status !== 'disconnecting' || dueAt <= now;
}

function mayStillGrow(deps: JobDeps, job: Job): boolean {
  return job.kind === 'delete_tenant' && deps.now() < job.createdAt + lastFlowMilliseconds;
}
