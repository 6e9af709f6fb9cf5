/**
 * The rescue of refreshed credentials that could not be stored: sealed, with the generation they replace, they wait in
 * a queue and are applied only to that generation.
 */
import type { SealedConnection, SealedCredentials } from '../../connections/connection.ts';
import type { RefreshedCredentials } from '../../connections/transitions.ts';
import { IntegrationError } from '../../errors.ts';
import type { RescueMessage } from '../../messages/rescue.ts';
import type { ConnectionDeps } from '../deps.ts';
import { findProvider } from '../platform/find-provider.ts';
import { applyRefresh } from './apply-refresh.ts';
import type { OutboxDeps } from './event-outbox.ts';

/** Puts credentials where they cannot be lost. When even that fails, only an alarm is left. */
export async function rescueCredentials(
  deps: Pick<ConnectionDeps, 'rescue' | 'log' | 'count'>,
  spent: SealedConnection,
  credentials: RefreshedCredentials,
): Promise<void> {
  const { tenantId, provider, accountId, id, generation } = spent;
  const { sealed = spent.sealed, obtainedAt, expiresAt, refreshExpiresAt, scopes } = credentials;
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
    await deps.rescue.send({ body, group: tenantId });
    deps.count('credentials_rescued', { provider });
  } catch {
    deps.count('credentials_lost');
    deps.log('error', 'credentials.lost', { connectionId: id, provider });
  }
}

/** What a rescue works with. */
export type RescueDeps = OutboxDeps;

/**
 * Stores rescued credentials, unless other ones are there by now.
 * @throws IntegrationError `DATABASE_ERROR` when they could not be stored again; SQS then delivers the message again.
 */
export async function applyRescued(deps: RescueDeps, rescued: RescueMessage): Promise<void> {
  const {
    kind: _kind,
    tenantId,
    provider: providerId,
    accountId,
    id,
    generation,
    sealed,
    expiresAt,
    ...rest
  } = rescued;
  const found = await deps.connections.get(tenantId, providerId, accountId);
  if (found?.id !== id) {
    // Without the record nothing says whose grant this was.
    deps.log('warn', 'rescue.connection_missing', { connectionId: id, provider: providerId });
    return;
  }
  if (found.generation !== generation) return;
  const provider = await findProvider(deps.providers, found);
  // A token without an end must not inherit that of the token it replaces.
  const credentials = { ...rest, sealed: bytesOf(sealed), expiresAt };
  const applied = await applyRefresh(deps, found, provider, credentials);
  if (applied.kind === 'contended') {
    throw new IntegrationError('DATABASE_ERROR', 'The connection kept changing, so it could not be written.');
  }
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
