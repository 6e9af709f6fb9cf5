/**
 * Stores refreshed credentials onto the generation that was spent for them, and publishes what that changed. Used by the
 * call that obtained them, and by the rescue of credentials that could not be stored then.
 */
import { isDeauthorized, type SealedConnection } from '../../connections/connection.ts';
import type { Update } from '../../connections/connection-updates.ts';
import { type RefreshedCredentials, refreshed } from '../../connections/transitions.ts';
import type { Provider } from '../../providers/provider.ts';
import { type OutboxDeps, publishBestEffort, publishPending } from './event-outbox.ts';
import { refreshPolicyOf } from './refresh-policy-of.ts';

/**
 * `unchanged` means that other credentials are there by now: then, as when the connection is gone, these belong to
 * nobody. `contended` means that they are not stored, and must be rescued.
 * @throws IntegrationError `DATABASE_ERROR` when the table does not answer; then they must be rescued, too.
 */
export async function applyRefresh(
  deps: OutboxDeps,
  spent: SealedConnection,
  provider: Provider,
  credentials: RefreshedCredentials,
): Promise<Update<SealedConnection, 'overtaken'>> {
  const policy = refreshPolicyOf(provider);
  const stored = await deps.connections.update(spent, (current) =>
    refreshed(current, {
      spentGeneration: spent.generation,
      credentials,
      policy,
      now: deps.now(),
      random: deps.random,
    }),
  );
  if (stored.kind !== 'changed') return stored;
  return { kind: 'changed', connection: await publish(deps, stored.connection) };
}

async function publish(deps: OutboxDeps, stored: SealedConnection): Promise<SealedConnection> {
  if (stored.status === 'disconnecting') return stored;
  if (stored.pendingEvent !== undefined) return publishPending(deps, stored);
  if (!isDeauthorized(stored)) await publishBestEffort(deps, stored, 'connection.refreshed');
  return stored;
}
