/** A connection: one tenant's user linked to one account, with its sealed credentials and their generation. */
import * as z from 'zod/mini';
import {
  type AccountId,
  type AppId,
  type ConnectionId,
  type GrantId,
  type ProviderId,
  storedId,
  type TenantId,
  type UserId,
} from '../ids.ts';
import { storedTarget } from '../oauth/stored-target.ts';
import {
  accountMetadata,
  type ConnectionStatus,
  connectionEventType,
  connectionStatus,
  linking,
  type ReadonlyOutput,
  revocation,
  storedBytes,
} from '../vocabulary.ts';

const open = {
  id: storedId<ConnectionId>(),
  tenantId: storedId<TenantId>(),
  userId: storedId<UserId>(),
  provider: storedId<ProviderId>(),
  accountId: storedId<AccountId>(),
  appId: storedId<AppId>(),
  grantId: storedId<GrantId>(),
  /** The platform's id of the user who gave the grant; a grant-wide revocation reaches all connections of it. */
  platformUserId: z.string(),
  linking,
  status: connectionStatus,
  statusReason: z.exactOptional(z.string()),
  /** When the status last changed. */
  statusSince: z.exactOptional(z.number()),
  /** Counts the credentials: raised by each stored refresh and reconnect. */
  generation: z.number(),
  displayName: z.string(),
  avatarUrl: z.exactOptional(z.string()),
  metadata: accountMetadata,
  requestedScopes: z.array(z.string()),
  scopes: z.array(z.string()),
  tokenType: z.string(),
  /** When the platform issued the access token, and when it expires. Epoch milliseconds, as are all times here. */
  obtainedAt: z.number(),
  expiresAt: z.exactOptional(z.number()),
  refreshExpiresAt: z.exactOptional(z.number()),
  refreshable: z.boolean(),
  /** When the sweep picks the connection up next; absent when it has no work. */
  dueAt: z.exactOptional(z.number()),
  /** Failed attempts since the last success; they space the next ones. */
  failures: z.exactOptional(z.number()),
  /** When a caller last asked for the token; recorded once a day at most. */
  lastUsedAt: z.exactOptional(z.number()),
  /** Transactional outbox: the event of the last change, until it is published. */
  pendingEvent: z.exactOptional(connectionEventType),
  /** What the platform answered to the revocation of the tokens, once a disconnect has got that far. */
  revocation: z.exactOptional(revocation),
  /** When the user gave the current grant, and when the flow for it began. */
  grantedAt: z.exactOptional(z.number()),
  flowBeganAt: z.exactOptional(z.number()),
  connectedAt: z.number(),
  updatedAt: z.number(),
};

/** The stored shape without the sealed bytes, which is all that a list reads. */
export const connectionRecord = z.object(open);
export type Connection = ReadonlyOutput<typeof connectionRecord>;

/** The sealed fields of a connection. Each is sealed under its field's name and opens under no other. */
const sealedCredentials = z.object({
  accessToken: storedBytes,
  refreshToken: z.exactOptional(storedBytes),
});
export type SealedCredentials = ReadonlyOutput<typeof sealedCredentials>;

/** Where a platform without consent pages was asked when the credentials were proven. */
const probeTarget = z.object({ url: z.string(), variables: z.record(z.string(), z.string()) });

/** The stored shape: a connection together with its sealed credentials and the only place that they may go to. */
export const sealedConnectionRecord = z.object({
  ...open,
  sealed: sealedCredentials,
  /** Where the platform was when the grant was given: refreshes and revocations go there, whatever the app says now. */
  target: z.exactOptional(storedTarget),
  probeTarget: z.exactOptional(probeTarget),
});
export type SealedConnection = ReadonlyOutput<typeof sealedConnectionRecord>;

/** The reason of an end that the platform reported because the user withdrew the grant. */
export const deauthorized = 'deauthorized';

export function isDeauthorized({ status, statusReason }: Connection): boolean {
  return status === 'reconnect_required' && statusReason === deauthorized;
}

const holdsGrant: Readonly<Record<ConnectionStatus, boolean>> = {
  active: true,
  expiring: true,
  reconnect_required: false,
  disconnecting: false,
  misconfigured: true,
};

/** Whether a connection still holds its grant at the platform, for all Hawser knows. */
export function isLive(connection: Connection): boolean {
  return holdsGrant[connection.status];
}
