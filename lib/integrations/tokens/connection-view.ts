/** What the API shows of a connection. No secret can stand in it, because none can be reached from here. */
import type { Connection } from '../../connections/connection.ts';
import type { ConnectionView } from '../../contract/views.ts';

/** What a finished connect shows. */
export interface ConnectedAccounts {
  readonly connection: ConnectionView;
  /** Every connection of the grant, the first one included. */
  readonly connections: readonly ConnectionView[];
}

export function viewConnection(connection: Connection): ConnectionView {
  return {
    id: connection.id,
    provider: connection.provider,
    accountId: connection.accountId,
    userId: connection.userId,
    grantId: connection.grantId,
    status: connection.status,
    ...(connection.statusReason !== undefined && { statusReason: connection.statusReason }),
    statusSince: isoTime(connection.statusSince ?? connection.connectedAt),
    linking: connection.linking,
    displayName: connection.displayName,
    avatarUrl: connection.avatarUrl ?? null,
    scopes: connection.scopes,
    missingScopes: connection.requestedScopes.filter((scope) => !connection.scopes.includes(scope)),
    refreshable: connection.refreshable,
    expiresAt: connection.expiresAt === undefined ? null : isoTime(connection.expiresAt),
    connectedAt: isoTime(connection.connectedAt),
    updatedAt: isoTime(connection.updatedAt),
    metadata: connection.metadata,
  };
}

/** A time as the API writes it. */
export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
