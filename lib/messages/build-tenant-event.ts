/** The one builder of tenant events: each origin has a function here, and every id comes from the same recipe. */
import {
  type AccountId,
  type ConnectionId,
  type ProviderId,
  type TenantId,
  token,
  type UserId,
} from '../ids.ts';
import type { ConnectionEventType, ConnectionStatus, Revocation } from '../vocabulary.ts';
import type { DestinationEventType } from './event-types.ts';
import type { WebhookEventMessage } from './incoming.ts';
import type {
  ConnectionEvent,
  DestinationDisabledEvent,
  PlatformTenantEvent,
  TenantEvent,
} from './tenant-event.ts';
import { tenantEventId } from './tenant-event-id.ts';

/** Whose event it is. */
interface ConnectionNames {
  readonly id: ConnectionId;
  readonly tenantId: TenantId;
  readonly userId: UserId;
  readonly provider: ProviderId;
  readonly accountId: AccountId;
}

/** What an event says of a connection. Times are epoch milliseconds. */
interface ConnectionFacts extends ConnectionNames {
  readonly status: ConnectionStatus;
  readonly statusReason?: string;
  readonly statusSince?: number;
  readonly generation: number;
  readonly expiresAt?: number;
  readonly revocation?: Revocation;
  readonly updatedAt: number;
}

/** What an event says of a destination. Times are epoch milliseconds. */
interface DestinationFacts {
  readonly id: string;
  readonly kind: string;
  readonly failingSince?: number;
  readonly lastError?: string;
  readonly createdAt: number;
}

/**
 * @param pending the event that was written together with the connection's change and awaits its publication. A refresh
 * by itself never has one, so a pending `connection.refreshed` comes from a new consent.
 */
export function buildConnectionEvent(
  connection: ConnectionFacts,
  type: ConnectionEventType,
  pending: ConnectionEventType | undefined,
): ConnectionEvent {
  const { id, generation, statusSince, statusReason, expiresAt, revocation } = connection;
  // The time identifies a change of state, however often the credentials change before its event is published.
  const which = type === 'connection.refreshed' ? generation : (statusSince ?? 0);
  return {
    id: tenantEventId([id, type, which].join(' ')),
    type,
    tenantId: connection.tenantId,
    occurredAt: isoTime(connection.updatedAt),
    provider: connection.provider,
    accountId: connection.accountId,
    data: {
      status: connection.status,
      ...(statusReason !== undefined && { statusReason }),
      ...(statusSince !== undefined && { statusSince: isoTime(statusSince) }),
      ...(expiresAt !== undefined && { expiresAt: isoTime(expiresAt) }),
      ...(revocation !== undefined && { revocation }),
      ...(type === 'connection.refreshed' && pending === type && { reconnected: true }),
    },
    connectionId: id,
    userId: connection.userId,
  };
}

/** A platform's event as one of the connections that it concerns gets it. */
export function buildPlatformEvent(
  { event, provider, receivedAt, appId }: Omit<WebhookEventMessage, 'kind' | 'connection'>,
  connection: ConnectionNames,
  { superseded }: { readonly superseded: boolean },
): PlatformTenantEvent {
  return {
    id: tenantEventId(JSON.stringify([appId, event.id, connection.id])),
    type: event.type,
    tenantId: connection.tenantId,
    occurredAt: isoTime(event.occurredAt ?? receivedAt),
    receivedAt: isoTime(receivedAt),
    provider,
    accountId: connection.accountId,
    data: event.data,
    connectionId: connection.id,
    userId: connection.userId,
    superseded,
  };
}

/** One failure that lasts, or one word that an endpoint is gone, makes one event, however often it is built. */
export function buildDestinationDisabled(
  tenantId: TenantId,
  { id, kind, failingSince, lastError, createdAt }: DestinationFacts,
  { reason, now }: { readonly reason: 'failing' | 'gone'; readonly now: number },
): DestinationDisabledEvent {
  return {
    id: tenantEventId(JSON.stringify([id, reason, failingSince ?? createdAt])),
    type: 'destination.disabled',
    tenantId,
    occurredAt: isoTime(now),
    data: {
      destinationId: id,
      kind,
      reason,
      ...(failingSince !== undefined && { failingSince: isoTime(failingSince) }),
      ...(lastError !== undefined && { lastError }),
    },
  };
}

/** An event that means nothing, and is a new one each time. */
export function buildDestinationTest(tenantId: TenantId, destinationId: string, now: number): TenantEvent {
  return {
    id: `evt_${token(16)}`,
    type: 'destination.test' satisfies DestinationEventType,
    tenantId,
    occurredAt: isoTime(now),
    data: { destinationId },
  };
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
