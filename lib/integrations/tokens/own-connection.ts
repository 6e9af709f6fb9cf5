/** Finds a connection for the user who owns it; every other user gets ACCOUNT_NOT_FOUND. */
import type { SealedConnection } from '../../connections/connection.ts';
import { IntegrationError } from '../../errors.ts';
import type { AccountId, TenantId, UserId } from '../../ids.ts';
import type { ConnectionDeps } from '../deps.ts';
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
  deps: Pick<ConnectionDeps, 'connections' | 'providers'>,
  account: OwnAccount,
): Promise<SealedConnection> {
  const connection = await findOwnRecord(deps, account);
  if (connection.status === 'disconnecting') throw notFound();
  return connection;
}

/** The same, also while it is being disconnected. */
export async function findOwnRecord(
  deps: Pick<ConnectionDeps, 'connections' | 'providers'>,
  account: OwnAccount,
): Promise<SealedConnection> {
  const provider = await findProvider(deps.providers, account);
  const connection = await deps.connections.get(account.tenantId, provider.id, account.accountId);
  if (connection?.userId !== account.userId) throw notFound();
  return connection;
}

function notFound(): IntegrationError {
  return new IntegrationError('ACCOUNT_NOT_FOUND', 'This user has not connected this account.');
}
