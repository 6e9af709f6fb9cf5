/**
 * Revokes access at the platform without revoking a sibling's: a revocation of a whole grant runs only when
 * no other live connection holds that app and that platform user.
 */
import { type Connection, isLive, type SealedConnection } from '../../connections/connection.ts';
import type { AppId } from '../../ids.ts';
import type { RevocationOutcome } from '../../oauth/outcome.ts';
import type { ConnectionDeps } from '../deps.ts';
import { type Credentials, openAccessToken, openRefreshToken } from './credentials.ts';
import { type OpenPlatform, openPlatform } from './open-platform.ts';

/** Whether a grant-wide revocation would end another live connection. */
export async function isShared(
  deps: Pick<ConnectionDeps, 'connections'>,
  platform: OpenPlatform,
  holder: Pick<Connection, 'appId' | 'platformUserId'> & { readonly id?: string },
): Promise<boolean> {
  if (platform.provider.revocation?.reach !== 'grant') return false;
  const holders = await deps.connections.byPlatformUser(holder.appId, holder.platformUserId);
  return holders.some((other) => other.id !== holder.id && isLive(other));
}

export function revoke(platform: OpenPlatform, credentials: Credentials): Promise<RevocationOutcome> {
  return platform.ask((adapter) => adapter.revokeAccess(credentials));
}

/** Revokes tokens that the platform gave and that are not stored. What cannot be revoked now expires. */
export async function discardTokens(
  deps: Pick<ConnectionDeps, 'connections' | 'log'>,
  platform: OpenPlatform,
  obtained: {
    readonly appId: AppId;
    readonly platformUserId: string | undefined;
    readonly tokens: Credentials;
  },
): Promise<void> {
  const { appId, platformUserId, tokens } = obtained;
  const { revocation } = platform.provider;
  // Without knowing whose grant it is, a revocation that reaches further than these tokens might end another's.
  if (!revocation || (revocation.reach === 'grant' && platformUserId === undefined)) return;
  await quietly(deps, platform, async () => {
    if (platformUserId !== undefined && (await isShared(deps, platform, { appId, platformUserId }))) return;
    await revoke(platform, tokens);
  });
}

/** Revokes the credentials that a reconnect replaced, where that leaves the new ones alone. They go where they came from. */
export async function revokeReplaced(
  deps: Pick<ConnectionDeps, 'vault' | 'log' | 'apps' | 'providers' | 'secrets' | 'http' | 'now'>,
  platform: OpenPlatform,
  replaced: readonly SealedConnection[],
): Promise<void> {
  if (platform.provider.revocation?.reach !== 'token') return;
  for (const connection of replaced) {
    await quietly(deps, platform, async () => {
      const former = await openPlatform(deps, connection);
      await revoke(former, await openCredentials(deps.vault, connection));
    });
  }
}

/** Both tokens of a connection. */
export async function openCredentials(
  vault: ConnectionDeps['vault'],
  connection: SealedConnection,
): Promise<Credentials> {
  const refreshToken = await openRefreshToken(vault, connection);
  return { accessToken: await openAccessToken(vault, connection), ...(refreshToken && { refreshToken }) };
}

/** Cleaning up must not turn a success into a failure. */
async function quietly(
  deps: Pick<ConnectionDeps, 'log'>,
  platform: OpenPlatform,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch {
    deps.log('warn', 'tokens.cleanup_failed', { provider: platform.provider.id });
  }
}
