/**
 * Deletes what is held of a platform user at one app: ends their connections, for which their tenants are told why,
 * and forgets events that wait or failed. It comes back until the last connection is gone.
 */
import type { Queue } from '../aws/queue.ts';
import type { Connection } from '../connections/connection.ts';
import type { ConnectionStore } from '../connections/connection-store.ts';
import type { FailureStore } from '../failures/failure-store.ts';
import type { AccountId, AppId, TenantId } from '../ids.ts';
import { buildPlatformEvent } from '../messages/build-tenant-event.ts';
import type { EventMessage } from '../messages/events.ts';
import type { DataDeletionMessage } from '../messages/incoming.ts';
import { hashedId } from '../signatures/event-id.ts';
import { findAffectedConnections } from '../webhooks/affected-connections.ts';
import { wasGrantedAfter } from '../webhooks/apply-event.ts';
import type { WaitingEvents } from '../webhooks/waiting-events.ts';
import type { Deletion, DeletionStore } from './deletion-store.ts';

export interface DeletionDeps {
  readonly deletions: DeletionStore;
  readonly connections: ConnectionStore;
  readonly waiting: WaitingEvents;
  readonly failures: FailureStore;
  /** The tenant whose own app a context is; none for a shared one. */
  readonly tenantOf: (appId: AppId) => Promise<TenantId | undefined>;
  /** Begins the end of a connection; what follows needs nobody's attention. */
  readonly endConnection: (connection: Connection) => Promise<void>;
  /** What tenants are told. */
  readonly events: Queue<EventMessage>;
  /** The queue that this works on. */
  readonly queue: Queue<DataDeletionMessage>;
}

/** Seconds until the next look: an end takes a moment, or as long as the platform is down. */
const pauses = [2, 5, 30, 120, 300] as const;
const longestPause = 900;

/** @throws IntegrationError `DATABASE_ERROR`, `PROCESSING_FAILED`; the message then comes back. */
export async function processDeletion(deps: DeletionDeps, message: DataDeletionMessage): Promise<void> {
  const { appId, digest, round } = message;
  const found = await deps.deletions.find(appId, digest);
  if (found?.platformUserId === undefined) return;
  await deps.deletions.begin(appId, digest);
  const affected = await findAffected(deps, found, found.platformUserId);
  await deleteStoredEvents(deps, found, found.platformUserId, affected);
  for (const connection of affected) await disconnect(deps, found, digest, connection);
  if (affected.length === 0) {
    await deps.deletions.finish(appId, digest);
    return;
  }
  await deps.queue.send({
    body: { ...message, round: round + 1 },
    group: appId,
    delaySeconds: pauses[round] ?? longestPause,
  });
}

/** What the user granted after they asked is a new consent, and stays. */
async function findAffected(
  deps: DeletionDeps,
  { appId, requestedAt }: Deletion,
  platformUserId: string,
): Promise<readonly Connection[]> {
  // Either of a user's ids may be the one that was signed.
  const ids = { accountId: platformUserId as AccountId, platformUserId };
  const found = await findAffectedConnections(deps.connections, appId, ids);
  return found.filter((connection) => !wasGrantedAfter(connection, requestedAt));
}

async function disconnect(
  deps: DeletionDeps,
  deletion: Deletion,
  digest: string,
  connection: Connection,
): Promise<void> {
  if (connection.status === 'disconnecting') return;
  const { appId, provider, requestedAt, receivedAt } = deletion;
  const event = {
    id: hashedId(['data_deletion', digest]),
    type: 'data_deletion',
    effect: 'deauthorized',
    occurredAt: requestedAt,
    data: {},
  } as const;
  // Told first: of a connection that is gone nobody could be told any more.
  await deps.events.send({
    body: {
      kind: 'platform_event',
      event: buildPlatformEvent({ appId, provider, receivedAt, event }, connection, { superseded: false }),
    },
    group: connection.tenantId,
  });
  await deps.endConnection(connection);
}

/** Receipts stay: a digest is all that is in them. */
async function deleteStoredEvents(
  deps: DeletionDeps,
  { appId, provider, receivedAt }: Deletion,
  platformUserId: string,
  affected: readonly Connection[],
): Promise<void> {
  const externalIds = new Set<string>([platformUserId, ...affected.map(({ accountId }) => accountId)]);
  for (const externalId of externalIds) await deps.waiting.deleteBefore(appId, externalId, receivedAt);
  const scopes = new Set([
    undefined,
    await deps.tenantOf(appId),
    ...affected.map(({ tenantId }) => tenantId),
  ]);
  for (const scope of scopes) {
    await deps.failures.deleteBefore(scope, { appId, provider, externalIds, before: receivedAt });
  }
}
