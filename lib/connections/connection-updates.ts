/**
 * The one loop of optimistic locking over connections: decide about a connection as it was read, write on condition that
 * it is unchanged, and on a conflict read and decide again. Each conflict means that another writer succeeded.
 */
import type { Connection, SealedConnection } from './connection.ts';
import type { ConnectionChange, Decision } from './connection-change.ts';

export type Update<Seen extends Connection, Reason extends string> =
  | { readonly kind: 'changed'; readonly connection: SealedConnection }
  /** The decision was to change nothing. */
  | { readonly kind: 'unchanged'; readonly reason: Reason; readonly connection: Seen | SealedConnection }
  /** The record is deleted, or belongs to a newer connection of the same account. */
  | { readonly kind: 'gone' }
  /** Others wrote at every attempt; nothing was changed. */
  | { readonly kind: 'contended' };

/** What to do with an account's new credentials: store a whole record, or keep the one that is stored. */
export type Placement<Reason extends string> =
  | { readonly kind: 'put'; readonly connection: SealedConnection }
  | { readonly kind: 'keep'; readonly reason: Reason };

export type Placed<Reason extends string> =
  | { readonly kind: 'stored'; readonly connection: SealedConnection; readonly replaced?: SealedConnection }
  | { readonly kind: 'unchanged'; readonly reason: Reason; readonly connection: SealedConnection | undefined }
  | { readonly kind: 'contended' };

const maxAttempts = 8;

/** @param store `write` returns the connection after the write, or nothing when it was no longer as it was read. */
export async function updateConnection<Seen extends Connection, Reason extends string>(
  store: {
    readonly read: (seen: Connection) => Promise<SealedConnection | undefined>;
    readonly write: (before: Connection, change: ConnectionChange) => Promise<SealedConnection | undefined>;
  },
  seen: Seen,
  decide: (current: Seen | SealedConnection) => Decision<Reason> | Promise<Decision<Reason>>,
): Promise<Update<Seen, Reason>> {
  let current: Seen | SealedConnection = seen;
  return retryConflicts<Exclude<Update<Seen, Reason>, { kind: 'contended' }>>(async () => {
    const decision = await decide(current);
    if (decision.kind === 'keep') return { kind: 'unchanged', reason: decision.reason, connection: current };
    const connection = await store.write(current, decision.change);
    if (connection) return { kind: 'changed', connection };
    const found = await store.read(seen);
    if (found?.id !== seen.id) return { kind: 'gone' };
    current = found;
    return 'conflict';
  });
}

/** @param store `put` returns whether the record was still as it was read. */
export function placeConnection<Reason extends string>(
  store: {
    readonly read: () => Promise<SealedConnection | undefined>;
    readonly put: (before: SealedConnection | undefined, after: SealedConnection) => Promise<boolean>;
  },
  decide: (before: SealedConnection | undefined) => Placement<Reason>,
): Promise<Placed<Reason>> {
  return retryConflicts<Exclude<Placed<Reason>, { kind: 'contended' }>>(async () => {
    const before = await store.read();
    const placement = decide(before);
    if (placement.kind === 'keep') {
      return { kind: 'unchanged', reason: placement.reason, connection: before };
    }
    const { connection } = placement;
    if (!(await store.put(before, connection))) return 'conflict';
    return { kind: 'stored', connection, ...(before && { replaced: before }) };
  });
}

async function retryConflicts<Result>(
  attempt: () => Promise<Result | 'conflict'>,
): Promise<Result | { readonly kind: 'contended' }> {
  for (let attempts = 0; attempts < maxAttempts; attempts += 1) {
    const result = await attempt();
    if (result !== 'conflict') return result;
  }
  return { kind: 'contended' };
}
