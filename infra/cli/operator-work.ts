/**
 * Work that the operator asks for and the stack's own workers do: renewing a connection, ending one, ending all of a
 * user's. Nothing here opens credentials or asks a platform.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openQueue } from '../../lib/aws/queue.ts';
import { type Connection, connectionRecord } from '../../lib/connections/connection.ts';
import { createConnectionStore } from '../../lib/connections/connection-store.ts';
import { bringForward } from '../../lib/connections/reschedule.ts';
import { isOpaqueId, type UserId } from '../../lib/ids.ts';
import { beginDisconnect, messageFor } from '../../lib/integrations/begin-disconnect.ts';
import { disconnectUser } from '../../lib/integrations/disconnect-user.ts';
import { createJobStore, type Job } from '../../lib/tenants/job.ts';
import { requireConnection, type Wanted } from './operator-connections.ts';
import { type OperatorStores, requireTenant } from './operator-parts.ts';

/** What became of a connection: as it is now, gone, or untouched for as long as anybody would wait. */
export type Followed =
  | { readonly kind: 'changed'; readonly connection: Connection }
  | { readonly kind: 'gone' }
  | { readonly kind: 'waiting' };

/** The clock of the operator's machine may be ahead of the workers', and what is due later is not due. */
const clockSkewMilliseconds = 60_000;
/** The sweep comes each minute, so that even a lost message is worked on by then. */
const patienceMilliseconds = 75_000;
const lookEveryMilliseconds = 250;

export function workVerbs(stores: OperatorStores) {
  const { tenants, registry, now, sqs, queueUrls } = stores;
  const connections = createConnectionStore(stores.connections);
  const jobs = createJobStore(stores.connections, now);
  return {
    makeDue,
    refreshConnection,
    disconnectConnection,
    disconnectUserOf,
    followConnection,

    /** All jobs under way, or those of one tenant, done ones of the last month included. */
    async listJobs(tenantId?: string): Promise<readonly Job[]> {
      return tenantId === undefined ? jobs.running() : jobs.list((await requireTenant(tenants, tenantId)).id);
    },

    findJob,
  };

  async function findJob(id: string): Promise<Job> {
    const job = await jobs.get(id);
    if (!job) throw new Error('There is no such job. Jobs that are done are kept for a month.');
    return job;
  }

  /** Makes a connection due now, so that the sweep finds it. Answers it as it is now. */
  async function makeDue(
    wanted: Wanted,
    options: { readonly check?: (found: Connection) => void; readonly usedAt?: number } = {},
  ): Promise<Connection> {
    const { check, ...use } = options;
    const found = await requireConnection(stores, wanted);
    const made = await connections.update(found, (current) => {
      check?.(current);
      return bringForward(now() - clockSkewMilliseconds, use);
    });
    if (made.kind === 'changed') return made.connection;
    if (made.kind === 'gone')
      throw new Error('The connection has just been removed. Look at it before you try again.');
    throw new Error('The connection kept changing. Try again.');
  }

  /** Has a connection renewed now, used lately or not. Answers it as it is before that. */
  async function refreshConnection(wanted: Wanted): Promise<Connection> {
    const due = await makeDue(wanted, {
      check(found) {
        const asksSessions = registry.find(found.provider)?.auth === 'credentials';
        refuseToRefresh(found, asksSessions);
      },
      // The operator's wish counts as a use: else the policy for unused connections could postpone it.
      usedAt: now(),
    });
    await openQueue(sqs, queueUrls.refresh.queue).send(messageFor(due));
    return due;
  }

  /** Ends a connection: no token is handed out from here on, and the worker has the platform revoke. May be repeated. */
  async function disconnectConnection(wanted: Wanted): Promise<Connection> {
    await beginDisconnect({ connections, now }, await requireConnection(stores, wanted));
    const due = await makeDue(wanted, {
      check({ status }) {
        if (status === 'disconnecting') return;
        throw new Error('The account has been connected again meanwhile. Look at it before you try again.');
      },
    });
    await openQueue(sqs, queueUrls.refresh.queue).send(messageFor(due));
    return due;
  }

  /** Begins the end of all connections of a user; answers the job that sees to it. */
  async function disconnectUserOf(tenantId: string, userId: string): Promise<Job> {
    const tenant = await requireTenant(tenants, tenantId);
    if (!isOpaqueId(userId)) throw new Error('A user id has 1-128 characters and no control characters.');
    const parts = { jobs, queue: openQueue(sqs, queueUrls.jobs.queue) };
    const { jobId } = await disconnectUser(parts, tenant.id, userId as UserId);
    return findJob(jobId);
  }

  /** Waits until the workers have dealt with a connection that was just made due. */
  async function followConnection(before: Connection): Promise<Followed> {
    const until = now() + patienceMilliseconds;
    while (now() < until) {
      const found = await connections.get(before.tenantId, before.provider, before.accountId);
      if (found?.id !== before.id) return { kind: 'gone' };
      if (isSettled(before, found)) return { kind: 'changed', connection: connectionRecord.parse(found) };
      await sleep(lookEveryMilliseconds);
    }
    return { kind: 'waiting' };
  }
}

function isSettled(before: Connection, found: Connection): boolean {
  if (found.status !== before.status) return true;
  // A disconnect writes down its steps: a renewal that the platform wants first, its answer, what is to be told.
  if (found.status === 'disconnecting') return found.failures !== before.failures;
  return found.generation !== before.generation || found.dueAt !== before.dueAt;
}

/** A session has nothing to refresh, but can be looked at. */
function refuseToRefresh({ status, statusReason, refreshable }: Connection, isSession: boolean): void {
  if (status === 'disconnecting') throw new Error('This connection is being disconnected.');
  if (status === 'reconnect_required') {
    throw new Error(`Only the user can bring this connection back (${statusReason ?? 'the grant is gone'}).`);
  }
  if (!refreshable && !isSession) {
    throw new Error('The platform gave nothing to refresh this connection with.');
  }
}
