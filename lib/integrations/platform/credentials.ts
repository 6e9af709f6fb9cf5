/** Sealing and opening a connection's credentials: each field under its own name, bound to tenant, connection, provider and account. */
import type { SealedConnection, SealedCredentials } from '../../connections/connection.ts';
import type { AccountId, ConnectionId, ProviderId, TenantId } from '../../ids.ts';
import type { Secret } from '../../telemetry/secret.ts';
import type { SealContext } from '../../vault/seal-context.ts';
import type { Sealer, Vault } from '../../vault/vault.ts';

/** What is sealed: the tokens a connection holds. */
export interface Credentials {
  readonly accessToken: Secret;
  readonly refreshToken?: Secret;
}

/** The connection that credentials belong to. */
export interface ConnectionIdentity {
  readonly id: ConnectionId;
  readonly tenantId: TenantId;
  readonly provider: ProviderId;
  readonly accountId: AccountId;
}

/** Seals with a key that is already in memory, so that it cannot fail once the platform has given the tokens. */
export function sealCredentials(
  sealer: Sealer,
  identity: ConnectionIdentity,
  credentials: Credentials,
): SealedCredentials {
  return {
    accessToken: sealer.seal(credentials.accessToken, sealContextOf(identity, 'accessToken')),
    ...(credentials.refreshToken && {
      refreshToken: sealer.seal(credentials.refreshToken, sealContextOf(identity, 'refreshToken')),
    }),
  };
}

export function openAccessToken(vault: Vault, connection: SealedConnection): Promise<Secret> {
  return vault.decryptToken(connection.sealed.accessToken, sealContextOf(connection, 'accessToken'));
}

export async function openRefreshToken(
  vault: Vault,
  connection: SealedConnection,
): Promise<Secret | undefined> {
  const sealed = connection.sealed.refreshToken;
  return sealed && vault.decryptToken(sealed, sealContextOf(connection, 'refreshToken'));
}

function sealContextOf(identity: ConnectionIdentity, field: keyof SealedCredentials): SealContext {
  return {
    tenantId: identity.tenantId,
    kind: 'connection',
    recordId: identity.id,
    field,
    provider: identity.provider,
    account: identity.accountId,
  };
}
