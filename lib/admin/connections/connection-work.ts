/**
 * Refreshes or disconnects one connection on an operator's request. The work is queued for the stack's own workers:
 * nothing here opens credentials or calls a platform.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openQueue } from '../../aws/queue.ts';
import { type Connection, connectionRecord } from '../../connections/connection.ts';
import { createConnectionStore } from '../../connections/connection-store.ts';
import { bringForward } from '../../connections/reschedule.ts';
import { beginDisconnect } from '../../integrations/disconnect/begin-disconnect.ts';
import { type RefreshMessage, refreshMessageFor } from '../../messages/refresh.ts';
import type { AdminStores } from '../deps.ts';
import { requireConnection, type Wanted } from './connections.ts';

/** What happened to a connection while it was followed: `waiting` means that no worker processed it in time. */
export type FollowResult =
  | { readonly kind: 'changed'; readonly connection: Connection }
  | { readonly kind: 'gone' }
  | { readonly kind: 'waiting' };

/** The operator's clock may be ahead of the workers', which skip a connection whose due date is in their future. */
const clockSkewMilliseconds = 60_000;
/** The sweep runs each minute, so a worker sees the connection by then even if its message is lost. */
const patienceMilliseconds = 75_000;
const pollMilliseconds = 250;

export function connectionWorkActions(stores: AdminStores) {
  const { providers, now, sqs, queueUrls } = stores;
  const connections = createConnectionStore(stores.connections);
  return {
    makeDue,
    refreshConnection,
    disconnectConnection,
    followConnection,
  };

  /** Sets a connection's due date to now, so that the sweep finds it. Returns the connection as changed. */
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
      throw new Error('The connection has just been removed. Inspect it before you try again.');
    throw new Error('The connection kept changing. Try again.');
  }

  /** Asks the worker to refresh a connection now, recently used or not. Returns it as it was before the refresh. */
  async function refreshConnection(wanted: Wanted): Promise<Connection> {
    const { tenantId, provider: id } = await requireConnection(stores, wanted);
    const provider = await providers.find(tenantId, id);
    const due = await makeDue(wanted, {
      check: (found) => refuseToRefresh(found, provider?.probe !== undefined),
      // The request counts as a use: otherwise the policy for unused connections could skip the refresh.
      usedAt: now(),
    });
    await openQueue<RefreshMessage>(sqs, queueUrls.refresh.queue).send(refreshMessageFor(due));
    return due;
  }

  /** Disconnects: no token is handed out after this, and the worker asks the platform to revoke. Can be repeated. */
  async function disconnectConnection(wanted: Wanted): Promise<Connection> {
    await beginDisconnect({ connections, now }, await requireConnection(stores, wanted));
    const due = await makeDue(wanted, {
      check({ status }) {
        if (status === 'disconnecting') return;
        throw new Error('The account has been connected again meanwhile. Inspect it before you try again.');
      },
    });
    await openQueue<RefreshMessage>(sqs, queueUrls.refresh.queue).send(refreshMessageFor(due));
    return due;
  }

  /** Waits until a worker has processed a connection that was just made due. */
  async function followConnection(before: Connection): Promise<FollowResult> {
    const until = now() + patienceMilliseconds;
    while (now() < until) {
      const found = await connections.get(before.tenantId, before.provider, before.accountId);
      if (found?.id !== before.id) return { kind: 'gone' };
      if (isSettled(before, found)) return { kind: 'changed', connection: connectionRecord.parse(found) };
      await sleep(pollMilliseconds);
    }
    return { kind: 'waiting' };
  }
}

function isSettled(before: Connection, found: Connection): boolean {
  if (found.status !== before.status) return true;
  // A disconnect stores its steps: a refresh that the platform wants first, the platform's answer, the pending event.
  if (found.status === 'disconnecting') return found.failures !== before.failures;
  return found.generation !== before.generation || found.dueAt !== before.dueAt;
}

/** What cannot be refreshed may still be probed, as a session is. */
function refuseToRefresh({ status, statusReason, refreshable }: Connection, isProbed: boolean): void {
  if (status === 'disconnecting') throw new Error('This connection is being disconnected.');
  if (status === 'reconnect_required') {
    throw new Error(`Only the user can bring this connection back (${statusReason ?? 'the grant is gone'}).`);
  }
  if (!refreshable && !isProbed) {
    throw new Error('The platform issued no refresh token for this connection.');
  }
}
