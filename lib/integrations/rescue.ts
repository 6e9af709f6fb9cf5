/**
 * The rescue of renewed credentials that could not be stored: sealed, with the generation they replace, they wait in a
 * queue and are applied only to that generation.
 */
import type { SealedConnection, SealedCredentials } from '../connections/connection.ts';
import type { RescueMessage } from '../messages/rescue.ts';
import { applyRenewal, type Renewal } from './apply-renewal.ts';
import { type ConnectionParts, findOAuthProvider } from './parts.ts';

/** Puts a renewal where it cannot be lost. When even that fails, only an alarm is left. */
export async function rescueRenewal(
  parts: Pick<ConnectionParts, 'rescue' | 'log' | 'count'>,
  spent: SealedConnection,
  renewal: Renewal,
): Promise<void> {
  const { tenantId, provider, accountId, id, generation } = spent;
  const { sealed = spent.sealed, obtainedAt, expiresAt, refreshExpiresAt, scopes } = renewal;
  const body: RescueMessage = {
    kind: 'refreshed_credentials',
    tenantId,
    provider,
    accountId,
    id,
    generation,
    sealed: {
      accessToken: Buffer.from(sealed.accessToken).toString('base64'),
      ...(sealed.refreshToken && { refreshToken: Buffer.from(sealed.refreshToken).toString('base64') }),
    },
    ...(obtainedAt !== undefined && { obtainedAt }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(refreshExpiresAt !== undefined && { refreshExpiresAt }),
    ...(scopes && { scopes: [...scopes] }),
  };
  try {
    await parts.rescue.send({ body, group: tenantId });
    parts.count('credentials_rescued', { provider });
  } catch {
    parts.count('credentials_lost');
    parts.log('error', 'credentials lost', { connectionId: id, provider });
  }
}

/** What a rescue works with. */
export type RescueParts = Pick<
  ConnectionParts,
  'connections' | 'registry' | 'events' | 'now' | 'random' | 'log'
>;

/** Applies a rescued renewal, or lets go of it when other credentials are there by now. */
export async function applyRescued(parts: RescueParts, rescued: RescueMessage): Promise<void> {
  const {
    kind: _kind,
    tenantId,
    provider: providerId,
    accountId,
    id,
    generation,
    sealed,
    ...times
  } = rescued;
  const renewal = { ...times, sealed: bytesOf(sealed) };
  const found = await parts.connections.get(tenantId, providerId, accountId);
  const provider = findOAuthProvider(parts.registry, providerId);
  if (found?.id === id && found.generation === generation) {
    const applied = await applyRenewal(parts, found, provider, renewal);
    if (applied.kind === 'stored') return;
  }
  if (found?.id === id) return;
  // The connection is gone, and with it everything that says whose grant this was but the record's own ids.
  parts.log('warn', 'rescued credentials without a connection', { connectionId: id, provider: providerId });
}

function bytesOf({ accessToken, refreshToken }: RescueMessage['sealed']): SealedCredentials {
  return {
    accessToken: toBytes(accessToken),
    ...(refreshToken !== undefined && { refreshToken: toBytes(refreshToken) }),
  };
}

function toBytes(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}
