/** The writes that a decision about a connection can ask for: one change, or none and why. */
import type { Connection, SealedConnection } from './connection.ts';

/** What a refresh or a change of state may write; identity and index keys never. `undefined` removes the attribute. */
export type ConnectionChange = {
  readonly [Name in Changeable]?: SealedConnection[Name] | undefined;
};

type Changeable =
  | 'status'
  | 'statusReason'
  | 'statusSince'
  | 'generation'
  | 'scopes'
  | 'tokenType'
  | 'obtainedAt'
  | 'expiresAt'
  | 'refreshExpiresAt'
  | 'refreshable'
  | 'dueAt'
  | 'failures'
  | 'lastUsedAt'
  | 'pendingEvent'
  | 'revocation'
  | 'updatedAt'
  | 'sealed';

/** What to write for something that happened: the state, its pending event and its next due date in one value. */
export interface Change {
  readonly kind: 'change';
  readonly change: ConnectionChange;
}

/** The connection stays as it is. */
export interface Keep<Reason extends string> {
  readonly kind: 'keep';
  readonly reason: Reason;
}

export type Decision<Reason extends string = string> = Change | Keep<Reason>;

export function changeTo(change: ConnectionChange): Change {
  return { kind: 'change', change };
}

export function keepFor<Reason extends string>(reason: Reason): Keep<Reason> {
  return { kind: 'keep', reason };
}

/** Whether two readings show the same connection with the same credentials, in the same state for the same reason. */
export function isSameState(one: Connection, other: Connection): boolean {
  return (
    one.id === other.id &&
    one.generation === other.generation &&
    one.status === other.status &&
    one.statusReason === other.statusReason
  );
}

/** Decides only on the state that was seen: when another writer was faster, that writer's change stands. */
export function unlessOvertaken<Reason extends string>(
  seen: Connection,
  decide: (current: Connection) => Decision<Reason>,
): (current: Connection) => Decision<Reason | 'overtaken'> {
  return (current) => (isSameState(seen, current) ? decide(current) : keepFor('overtaken'));
}
