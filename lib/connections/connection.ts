/** A connection: one tenant's user linked to one account, with its sealed credentials and their generation. */
import * as z from 'zod/mini';
import {
  type AccountId,
  type ConnectionId,
  type ContextId,
  type GrantId,
  type ProviderId,
  storedId,
  type TenantId,
  type UserId,
} from '../ids.ts';
import { type ConnectionEventType, connectionEventTypes } from '../messages/event-types.ts';

export type ConnectionStatus =
  /** Tokens are handed out. */
  | 'active'
  /** Nothing can renew the credentials, and their end is near. */
  | 'expiring'
  /** The grant is gone; only the user can bring it back. */
  | 'reconnect_required'
  /** No token is handed out any more; the platform has not confirmed the revocation yet. */
  | 'disconnecting'
  /** The provider app's registration is at fault. */
  | 'misconfigured';

/** Who vouched that the account and the user belong together. */
export type Linking =
  /** The tenant said who is signed in, after consent. */
  | 'confirmed'
  /** Nobody: the flow ended in the browser. */
  | 'direct';

/** The sealed fields of a connection; each is sealed for its own name and opens under no other. */
export interface SealedCredentials {
  readonly accessToken: Uint8Array;
  readonly refreshToken?: Uint8Array;
}

export interface Connection {
  readonly id: ConnectionId;
  readonly tenantId: TenantId;
  readonly userId: UserId;
  readonly provider: ProviderId;
  readonly accountId: AccountId;
  readonly context: ContextId;
  readonly grantId: GrantId;
  /** The platform's id of the user who granted; what a grant-wide revocation reaches. */
  readonly owner: string;
  readonly linking: Linking;
  readonly status: ConnectionStatus;
  readonly statusReason?: string;
  /** Since when the status is what it is. */
  readonly statusSince?: number;
  /** Counts the credentials: raised by each stored refresh and reconnect. */
  readonly generation: number;
  readonly displayName: string;
  readonly avatarUrl?: string;
  readonly metadata: Readonly<Record<string, string | number | boolean>>;
  readonly requestedScopes: readonly string[];
  readonly scopes: readonly string[];
  readonly tokenType: string;
  /** When the access token was given, and when it ends. Epoch milliseconds, as are all times here. */
  readonly obtainedAt: number;
  readonly expiresAt?: number;
  readonly refreshExpiresAt?: number;
  readonly refreshable: boolean;
  /** When there is something to do next; absent when there is nothing. */
  readonly dueAt?: number;
  /** Attempts that failed since the last one that did not; spaces the next ones. */
  readonly failures?: number;
  /** When a token was last asked for, to the nearest part of a day. */
  readonly lastUsedAt?: number;
  /** A change that its tenant has not been told of yet. */
  readonly untold?: ConnectionEventType;
  /** What the platform said of the tokens, once a disconnect has got that far. */
  readonly revocation?: Revocation;
  /** When the grant that is held now was given, and when the flow for it began. */
  readonly grantedAt?: number;
  readonly flowBeganAt?: number;
  readonly connectedAt: number;
  readonly updatedAt: number;
}

export type { ConnectionEventType };

/** What the platform has been told when a connection ends; each is a fact, none a hope. */
export type Revocation =
  /** The platform confirmed the end of the tokens. */
  | 'revoked'
  /** The platform has not confirmed yet. No token is handed out meanwhile. */
  | 'revoke_pending'
  /** The grant serves another live connection and was left to it. */
  | 'shared_grant'
  /** The platform has no revocation, or none for what is left to show it; its tokens die of their age. */
  | 'not_supported';

/** The reason of an end that the platform told by itself, because the user took the grant back. */
export const deauthorised = 'deauthorised';

/** Whether a connection ended by the platform's own word: then no renewal of the same grant brings it back. */
export function isDeauthorised({ status, statusReason }: Connection): boolean {
  return status === 'reconnect_required' && statusReason === deauthorised;
}

/** A connection together with its sealed credentials. */
export interface SealedConnection extends Connection {
  readonly sealed: SealedCredentials;
}

const open = {
  id: storedId<ConnectionId>(),
  tenantId: storedId<TenantId>(),
  userId: storedId<UserId>(),
  provider: storedId<ProviderId>(),
  accountId: storedId<AccountId>(),
  context: storedId<ContextId>(),
  grantId: storedId<GrantId>(),
  owner: z.string(),
  linking: z.enum(['confirmed', 'direct']),
  status: z.enum(['active', 'expiring', 'reconnect_required', 'disconnecting', 'misconfigured']),
  statusReason: z.exactOptional(z.string()),
  statusSince: z.exactOptional(z.number()),
  generation: z.number(),
  displayName: z.string(),
  avatarUrl: z.exactOptional(z.string()),
  metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  requestedScopes: z.array(z.string()),
  scopes: z.array(z.string()),
  tokenType: z.string(),
  obtainedAt: z.number(),
  expiresAt: z.exactOptional(z.number()),
  refreshExpiresAt: z.exactOptional(z.number()),
  refreshable: z.boolean(),
  dueAt: z.exactOptional(z.number()),
  failures: z.exactOptional(z.number()),
  lastUsedAt: z.exactOptional(z.number()),
  untold: z.exactOptional(connectionEventTypes),
  revocation: z.exactOptional(z.enum(['revoked', 'revoke_pending', 'shared_grant', 'not_supported'])),
  grantedAt: z.exactOptional(z.number()),
  flowBeganAt: z.exactOptional(z.number()),
  connectedAt: z.number(),
  updatedAt: z.number(),
};

/** The stored shape without the sealed bytes: all that a list reads. */
export const connectionRecord = z.object(open);

/** The stored shape. */
export const sealedConnectionRecord = z.object({
  ...open,
  sealed: z.object({
    accessToken: z.instanceof(Uint8Array),
    refreshToken: z.exactOptional(z.instanceof(Uint8Array)),
  }),
});

/** Whether a connection still holds its grant at the platform, for all Hawser knows. */
export function isLive(connection: Connection): boolean {
  return connection.status !== 'disconnecting' && connection.status !== 'reconnect_required';
}
