/** Finds a connection for the user who owns it; anybody else is told that there is none. */
import type { SealedConnection } from '../../connections/connection.ts';
import { IntegrationError } from '../../errors.ts';
import type { AccountId, TenantId, UserId } from '../../ids.ts';
import type { ConnectionParts } from '../deps.ts';
import { findProvider } from '../platform/find-provider.ts';

export interface OwnAccount {
  readonly tenantId: TenantId;
  readonly userId: UserId;
  readonly provider: string;
  readonly accountId: AccountId;
}

/**
 * The connection of that account, if it is that user's and not being disconnected.
 * @throws IntegrationError `INVALID_PROVIDER`, `ACCOUNT_NOT_FOUND`.
 */
export async function findOwnConnection(
  parts: Pick<ConnectionParts, 'connections' | 'registry'>,
  account: OwnAccount,
): Promise<SealedConnection> {
  const connection = await findOwnRecord(parts, account);
  if (connection.status === 'disconnecting') throw notFound();
  return connection;
}

/** The same, also while it is being disconnected. */
export async function findOwnRecord(
  parts: Pick<ConnectionParts, 'connections' | 'registry'>,
  account: OwnAccount,
): Promise<SealedConnection> {
  const provider = findProvider(parts.registry, account.provider);
  const connection = await parts.connections.get(account.tenantId, provider.id, account.accountId);
  if (connection?.userId !== account.userId) throw notFound();
  return connection;
}

function notFound(): IntegrationError {
  return new IntegrationError('ACCOUNT_NOT_FOUND', 'This user has not connected this account.');
}
