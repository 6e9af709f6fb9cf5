/**
 * Stores an account's new credentials: as a new connection, or as the next generation of the existing one. An
 * account that another user of the tenant holds stays theirs.
 */
import type { SealedConnection } from '../../connections/connection.ts';
import type { ConnectionStore } from '../../connections/connection-store.ts';
import { activate } from '../../connections/transitions.ts';
import { IntegrationError } from '../../errors.ts';
import {
  type AccountId,
  type AppId,
  type GrantId,
  newConnectionId,
  type ProviderId,
  type TenantId,
  type UserId,
} from '../../ids.ts';
import type { TokenSet } from '../../oauth/outcome.ts';
import type { Account } from '../../providers/account.ts';
import type { Sealer } from '../../vault/vault.ts';
import type { Linking } from '../../vocabulary.ts';
import { sealCredentials } from '../platform/credentials.ts';

/** Whom the credentials are for, and who vouched for it. */
export interface Recipient {
  readonly tenantId: TenantId;
  readonly userId: UserId;
  readonly provider: ProviderId;
  readonly appId: AppId;
  readonly linking: Linking;
  readonly requestedScopes: readonly string[];
  /** When the flow began, where there was one. */
  readonly flowBeganAt?: number;
}

export interface NewCredentials {
  readonly recipient: Recipient;
  readonly grantId: GrantId;
  readonly account: Account;
  readonly platformUserId: string;
  readonly tokens: TokenSet;
  readonly scopes: readonly string[];
  /** Where these credentials may go, from now on and only there. */
  readonly frozen: Pick<SealedConnection, 'target' | 'probeTarget'>;
  readonly lifetimeSeconds: number | undefined;
  readonly refreshable: boolean;
  readonly now: number;
}

export type StoreResult =
  | { readonly kind: 'stored'; readonly connection: SealedConnection; readonly replaced?: SealedConnection }
  /** Another user of this tenant holds the account. */
  | { readonly kind: 'taken' };

/** @throws IntegrationError `DATABASE_ERROR` when the table does not answer, or others kept changing the connection. */
export async function storeConnection(
  connections: ConnectionStore,
  sealer: Sealer,
  given: NewCredentials,
): Promise<StoreResult> {
  const { recipient, account } = given;
  const reference = { ...recipient, accountId: account.accountId as AccountId };
  const placed = await connections.place(reference, (before) =>
    before && before.userId !== recipient.userId
      ? { kind: 'keep', reason: 'taken' }
      : { kind: 'put', connection: compose(sealer, given, reference.accountId, before) },
  );
  switch (placed.kind) {
    case 'stored':
      return placed;
    case 'unchanged':
      return { kind: 'taken' };
    case 'contended':
      throw new IntegrationError('DATABASE_ERROR', 'Others kept changing the connection. Try again.');
  }
}

function compose(
  sealer: Sealer,
  given: NewCredentials,
  accountId: AccountId,
  before: SealedConnection | undefined,
): SealedConnection {
  const { recipient, account, tokens, now } = given;
  const { tenantId, provider, userId, appId, linking, requestedScopes } = recipient;
  const identity = { id: before?.id ?? newConnectionId(), tenantId, provider, accountId };
  return {
    ...identity,
    userId,
    appId,
    grantId: given.grantId,
    platformUserId: given.platformUserId,
    linking,
    ...activate(before, now),
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
    ...(recipient.flowBeganAt !== undefined && { flowBeganAt: recipient.flowBeganAt }),
    ...given.frozen,
    sealed: sealCredentials(sealer, identity, {
      ...tokens,
      ...(account.accessToken && { accessToken: account.accessToken }),
    }),
  };
}
