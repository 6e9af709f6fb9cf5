/** What a decision about a connection can be: one change to write, or none and the reason. */
import type { Connection, SealedConnection } from './connection.ts';

/** The attributes that a refresh or a transition may write: never its identity or index keys. `undefined` removes an attribute. */
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

/** One write: the state, its pending event and its next due date together. */
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

/** Decides only about the state that the caller saw: when another writer was faster, that writer's change wins. */
export function unlessOvertaken<Reason extends string>(
  seen: Connection,
  decide: (current: Connection) => Decision<Reason>,
): (current: Connection) => Decision<Reason | 'overtaken'> {
  return (current) => (isSameState(seen, current) ? decide(current) : keepFor('overtaken'));
}
