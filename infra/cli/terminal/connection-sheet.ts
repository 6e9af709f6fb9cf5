/** A connection in full, for people and for programs: everything except the sealed credentials. */

import type { InspectedConnection } from '../../../lib/admin/connections/connections.ts';
import { isoTime, viewConnection } from '../../../lib/integrations/tokens/connection-view.ts';
import { factSheet, timeText } from './text-table.ts';

/** For people. */
export function describeConnection({ connection, keyVersions, lease }: InspectedConnection): string {
  const view = viewConnection(connection);
  const reason = view.statusReason === undefined ? '' : ` (${view.statusReason})`;
  return factSheet([
    ['Connection', connection.id],
    ['Tenant', connection.tenantId],
    ['User', connection.userId],
    ['Provider', connection.provider],
    ['Account', connection.accountId],
    ['Name', connection.displayName],
    ['Status', `${connection.status}${reason}`],
    ['Since', view.statusSince],
    ['Generation', String(connection.generation)],
    ['Token obtained', timeText(connection.obtainedAt)],
    ['Token expires', timeOr(connection.expiresAt, 'the platform does not say')],
    ['Refreshable', connection.refreshable ? 'yes' : 'no'],
    ['Refresh expires', timeOr(connection.refreshExpiresAt, 'the platform does not say')],
    ['Next due', timeOr(connection.dueAt, 'never')],
    ['Failures in a row', String(connection.failures ?? 0)],
    ['Last used', timeOr(connection.lastUsedAt, 'never')],
    ['Token call', leaseText(lease)],
    ['Revocation', connection.revocation ?? 'not requested, or not answered yet'],
    ['Pending event', connection.pendingEvent ?? 'none'],
    ['Scopes', connection.scopes.join(' ') || 'none'],
    ['Missing scopes', view.missingScopes.join(' ') || 'none'],
    ['Linking', connection.linking],
    ['Grant', connection.grantId],
    ['Granted by', connection.platformUserId],
    ['App', connection.appId],
    ['Sealed under', `key version ${keyVersions.join(', ')}`],
    ['Metadata', metadataText(connection.metadata)],
    ['Connected', timeText(connection.connectedAt)],
    ['Updated', timeText(connection.updatedAt)],
  ]);
}

/** For programs. */
export function viewInspected({ connection, keyVersions, lease }: InspectedConnection) {
  const { tenantId, appId, platformUserId, generation, tokenType, revocation, pendingEvent } = connection;
  return {
    ...viewConnection(connection),
    tenantId,
    appId,
    platformUserId,
    generation,
    tokenType,
    obtainedAt: isoTime(connection.obtainedAt),
    refreshExpiresAt: isoOrNull(connection.refreshExpiresAt),
    dueAt: isoOrNull(connection.dueAt),
    failures: connection.failures ?? 0,
    lastUsedAt: isoOrNull(connection.lastUsedAt),
    revocation: revocation ?? null,
    pendingEvent: pendingEvent ?? null,
    keyVersions,
    lease: viewLease(lease),
  };
}

function viewLease(lease: InspectedConnection['lease']) {
  return lease.kind === 'outdated' ? { kind: lease.kind } : { kind: lease.kind, until: isoTime(lease.until) };
}

function leaseText(lease: InspectedConnection['lease']): string {
  if (lease.kind === 'outdated') return 'this generation has been refreshed; its successor is being stored';
  return lease.kind === 'resting'
    ? `paused until ${timeText(lease.until)}, as the platform asked`
    : `none in progress after ${timeText(lease.until)}`;
}

function metadataText(metadata: InspectedConnection['connection']['metadata']): string {
  return (
    Object.entries(metadata)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ') || 'none'
  );
}

function timeOr(time: number | undefined, otherwise: string): string {
  return time === undefined ? otherwise : timeText(time);
}

function isoOrNull(time: number | undefined): string | null {
  return time === undefined ? null : isoTime(time);
}
