/** Ends a connection's access at its platform, as far as that harms nobody else, under a lease that keeps renewals away. */
import type { SealedConnection } from '../connections/connection.ts';
import type { Lease } from '../connections/lease-store.ts';
import { IntegrationError } from '../errors.ts';
import type { Revocation } from '../vocabulary.ts';
import { type ConnectionParts, type OpenPlatform, openPlatform } from './parts.ts';
import { isShared, openCredentials, revoke } from './revoke.ts';
import { prepareRenewal, spendRenewal } from './spend-renewal.ts';
import { isTokenExpired } from './token-lifetime.ts';

export interface Ended {
  readonly revocation: Revocation;
  /** The record as it is now; a token that had to be renewed first has raised its generation. */
  readonly last: SealedConnection;
}

export async function endAccess(
  parts: ConnectionParts,
  connection: SealedConnection,
  lease: Lease,
): Promise<Ended> {
  const platform = await openPlatform(parts, connection);
  if (await isShared(parts, platform, connection)) return { revocation: 'shared_grant', last: connection };

  const needsLiveToken =
    platform.provider.revocation.token === 'access_token' && isTokenExpired(connection, parts.now());
  if (needsLiveToken) return afterRenewal(parts, platform, connection, lease);
  const outcome = await revoke(platform, await openCredentials(parts.vault, connection));
  if (outcome.kind === 'revoked') return { revocation: 'revoked', last: connection };
  // A platform that will not have this token may just not know it any more; a renewal tells, and gives one it knows.
  if (outcome.kind === 'misconfigured') return afterRenewal(parts, platform, connection, lease);
  return { revocation: 'revoke_pending', last: connection };
}

/** Some platforms end a grant only when shown an access token that is still alive. */
async function afterRenewal(
  parts: ConnectionParts,
  platform: OpenPlatform,
  connection: SealedConnection,
  lease: Lease,
): Promise<Ended> {
  try {
    const renewal = await prepareRenewal(parts, connection);
    if (renewal === 'too_early') return { revocation: 'revoke_pending', last: connection };
    const renewed = await spendRenewal(parts, connection, renewal, lease);
    if (renewed === 'not_ours') return { revocation: 'revoke_pending', last: connection };
    const outcome = await revoke(platform, await openCredentials(parts.vault, renewed));
    return { revocation: outcome.kind === 'revoked' ? 'revoked' : 'revoke_pending', last: renewed };
  } catch (error) {
    if (!(error instanceof IntegrationError)) throw error;
    if (error.code !== 'TOKEN_EXPIRED') return { revocation: 'revoke_pending', last: connection };
    // The platform itself says that nothing is left to revoke; unless a call whose answer was lost got tokens from it
    // that nobody holds, and that can be shown to it by nobody.
    return { revocation: lease.doubtful ? 'not_supported' : 'revoked', last: connection };
  }
}
