/**
 * Deletes the data of a platform user at one app: disconnects their connections, publishes the reason to the tenants,
 * and deletes their waiting and failed events. It queues itself again until the last connection is gone.
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
  /** The tenant that owns the app; undefined for a shared app. */
  readonly tenantOf: (appId: AppId) => Promise<TenantId | undefined>;
  /** Starts the disconnect of a connection, which the refresh worker completes. */
  readonly endConnection: (connection: Connection) => Promise<void>;
  /** Outbound events. */
  readonly events: Queue<EventMessage>;
  /** The worker's own queue. */
  readonly queue: Queue<DataDeletionMessage>;
}

/** Seconds until the next check: a disconnect takes a moment, or as long as an outage of the platform lasts. */
const pauses = [2, 5, 30, 120, 300] as const;
const longestPause = 900;

/** @throws IntegrationError `DATABASE_ERROR`, `PROCESSING_FAILED`; SQS then redelivers the message. */
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

/** A grant given after the request is a new consent, and stays. */
async function findAffected(
  deps: DeletionDeps,
  { appId, requestedAt }: Deletion,
  platformUserId: string,
): Promise<readonly Connection[]> {
  // The platform may have signed the account's id or the user's.
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
  // Published before the disconnect, because the event is built from the connection.
  await deps.events.send({
    body: {
      kind: 'platform_event',
      event: buildPlatformEvent({ appId, provider, receivedAt, event }, connection, { superseded: false }),
    },
    group: connection.tenantId,
  });
  await deps.endConnection(connection);
}

/** Deletes waiting and failed events. Idempotency claims stay: they hold no personal data. */
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
