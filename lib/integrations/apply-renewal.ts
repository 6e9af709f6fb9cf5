/**
 * Stores renewed credentials onto the generation that was spent for them, and onto no other: a reconnect in between
 * stays, a disconnect in between gets them to revoke, a declared end of that very generation is overturned, unless it
 * was the platform's own word that the user took the grant back.
 */
import { isDeauthorised, type SealedConnection } from '../connections/connection.ts';
import type { ConnectionChange } from '../connections/connection-store.ts';
import { IntegrationError } from '../errors.ts';
import type { OAuthProvider } from '../providers/definition.ts';
import { mention, tell, untold } from './connection-events.ts';
import type { ConnectionParts } from './parts.ts';
import { nextDueAt } from './refresh-schedule.ts';

/** What a renewal brings, sealed. */
export type Renewal = Pick<
  ConnectionChange,
  'sealed' | 'obtainedAt' | 'expiresAt' | 'refreshExpiresAt' | 'scopes'
>;

export type Applied =
  | { readonly kind: 'stored'; readonly connection: SealedConnection }
  /** Other credentials are there by now; these belong to nobody. */
  | { readonly kind: 'overtaken'; readonly connection: SealedConnection }
  /** The connection is gone; these belong to nobody. */
  | { readonly kind: 'gone' };

/** Rounds against changes of state in between; each fails only when another writer succeeded. */
const rounds = 8;

/** @throws IntegrationError `DATABASE_ERROR` when the table does not answer; the renewal must then be rescued. */
export async function applyRenewal(
  parts: Pick<ConnectionParts, 'connections' | 'events' | 'registry' | 'now' | 'random' | 'log'>,
  spent: SealedConnection,
  provider: OAuthProvider,
  renewal: Renewal,
): Promise<Applied> {
  let current = spent;
  for (let round = 0; round < rounds; round += 1) {
    const stored = await parts.connections.change(current, compose(parts, spent, current, provider, renewal));
    if (stored) return { kind: 'stored', connection: await told(parts, stored) };
    const found = await parts.connections.get(spent.tenantId, spent.provider, spent.accountId);
    if (found?.id !== spent.id) return { kind: 'gone' };
    if (found.generation !== spent.generation) return { kind: 'overtaken', connection: found };
    current = found;
  }
  throw new IntegrationError(
    'DATABASE_ERROR',
    'The connection changed its state faster than it could be written.',
  );
}

function compose(
  parts: Pick<ConnectionParts, 'now' | 'random'>,
  spent: SealedConnection,
  current: SealedConnection,
  provider: OAuthProvider,
  renewal: Renewal,
): ConnectionChange {
  const now = parts.now();
  const renewed = { ...renewal, generation: spent.generation + 1, failures: undefined, updatedAt: now };
  // A disconnect under way stays one; the sweep sees to it that it goes on.
  if (current.status === 'disconnecting') return { ...renewed, dueAt: now };
  if (current.status === 'active' && current.untold === undefined) {
    const timed = { ...current, ...definedOf(renewal) };
    return { ...renewed, dueAt: nextDueAt(timed, provider, now, parts.random) };
  }
  // A change that is still to be told keeps its time, by which its event is known.
  if (current.status === 'active' || isDeauthorised(current)) return renewed;
  return {
    ...renewed,
    status: 'active',
    statusReason: undefined,
    statusSince: now,
    ...untold('connection.recovered', now),
  };
}

async function told(
  parts: Pick<ConnectionParts, 'connections' | 'events' | 'registry' | 'now' | 'random' | 'log'>,
  stored: SealedConnection,
): Promise<SealedConnection> {
  if (stored.status === 'disconnecting') return stored;
  if (stored.untold !== undefined) return tell(parts, stored);
  if (isDeauthorised(stored)) return stored;
  await mention(parts, stored, 'connection.refreshed');
  return stored;
}

function definedOf(
  renewal: Renewal,
): Partial<Pick<SealedConnection, 'obtainedAt' | 'expiresAt' | 'refreshExpiresAt'>> {
  const { obtainedAt, expiresAt, refreshExpiresAt } = renewal;
  return {
    ...(obtainedAt !== undefined && { obtainedAt }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(refreshExpiresAt !== undefined && { refreshExpiresAt }),
  };
}
