/**
 * Puts an account's new credentials in their place: a new connection, or the same one again with the next generation.
 * An account that another user of the tenant holds stays theirs.
 */
import type { SealedConnection } from '../connections/connection.ts';
import type { ConnectionStore } from '../connections/connection-store.ts';
import { IntegrationError } from '../errors.ts';
import {
  type AccountId,
  type ContextId,
  type GrantId,
  newConnectionId,
  type ProviderId,
  type TenantId,
  type UserId,
} from '../ids.ts';
import type { TokenSet } from '../oauth/outcome.ts';
import type { Account } from '../providers/account.ts';
import type { Sealer } from '../vault/vault.ts';
import type { ConnectionEventType, Linking } from '../vocabulary.ts';
import { untold } from './connection-events.ts';
import { sealCredentials } from './credentials.ts';

/** Whom the credentials are for, and who vouched for it. */
export interface Recipient {
  readonly tenantId: TenantId;
  readonly userId: UserId;
  readonly provider: ProviderId;
  readonly context: ContextId;
  readonly linking: Linking;
  readonly requestedScopes: readonly string[];
  /** When the flow began, where there was one. */
  readonly flowBeganAt?: number;
}

export interface NewCredentials {
  readonly recipient: Recipient;
  readonly grantId: GrantId;
  readonly account: Account;
  readonly owner: string;
  readonly tokens: TokenSet;
  readonly scopes: readonly string[];
  readonly lifetimeSeconds: number | undefined;
  readonly refreshable: boolean;
  readonly now: number;
}

export type StoreResult =
  | { readonly kind: 'stored'; readonly connection: SealedConnection; readonly replaced?: SealedConnection }
  /** Another user of this tenant holds the account. */
  | { readonly kind: 'taken' };

/** Rounds against writers in between; each round only fails when one of them succeeded. */
const rounds = 5;

export async function storeConnection(
  connections: ConnectionStore,
  sealer: Sealer,
  given: NewCredentials,
): Promise<StoreResult> {
  const { recipient, account } = given;
  const accountId = account.accountId as AccountId;
  for (let round = 0; round < rounds; round += 1) {
    const before = await connections.get(recipient.tenantId, recipient.provider, accountId);
    if (before && before.userId !== recipient.userId) return { kind: 'taken' };
    const connection = compose(sealer, given, accountId, before);
    const stored = before
      ? await connections.replace(before, connection)
      : await connections.create(connection);
    if (stored) return { kind: 'stored', connection, ...(before && { replaced: before }) };
  }
  throw new IntegrationError(
    'DATABASE_ERROR',
    'The connection was changed by others all the time. Try again.',
  );
}

function compose(
  sealer: Sealer,
  given: NewCredentials,
  accountId: AccountId,
  before: SealedConnection | undefined,
): SealedConnection {
  const { recipient, account, tokens, now } = given;
  const { tenantId, provider, userId, context, linking, requestedScopes } = recipient;
  const place = { id: before?.id ?? newConnectionId(), tenantId, provider, accountId };
  return {
    ...place,
    userId,
    context,
    grantId: given.grantId,
    owner: given.owner,
    linking,
    status: 'active',
    generation: (before?.generation ?? 0) + 1,
    displayName: account.displayName,
    ...(account.avatarUrl !== undefined && { avatarUrl: account.avatarUrl }),
    metadata: account.metadata,
    requestedScopes,
    scopes: given.scopes,
    tokenType: tokens.tokenType,
    obtainedAt: now,
    ...(given.lifetimeSeconds !== undefined && { expiresAt: now + given.lifetimeSeconds * 1000 }),
    ...(tokens.refreshExpiresInSeconds !== undefined && {
      refreshExpiresAt: now + tokens.refreshExpiresInSeconds * 1000,
    }),
    refreshable: given.refreshable,
    grantedAt: now,
    ...(recipient.flowBeganAt !== undefined && { flowBeganAt: recipient.flowBeganAt }),
    lastUsedAt: now,
    ...untold(changeOf(before), now),
    statusSince: before?.status === 'active' ? (before.statusSince ?? before.connectedAt) : now,
    connectedAt: before?.connectedAt ?? now,
    updatedAt: now,
    sealed: sealCredentials(sealer, place, {
      ...tokens,
      ...(account.accessToken && { accessToken: account.accessToken }),
    }),
  };
}

/** What the tenant is told of it. */
function changeOf(before: SealedConnection | undefined): ConnectionEventType {
  if (!before) return 'connection.created';
  return before.status === 'active' ? 'connection.refreshed' : 'connection.recovered';
}
