/**
 * The state machine of a connection, and the only file that assigns its status. Each function takes a connection and
 * what happened, and answers the new state with its pending event and its next due date as one write, or why nothing
 * changes. The pending event is the transactional outbox: written with the change, cleared after publishing, and
 * republished by the sweep if the process dies in between.
 */
import type { ConnectionEventType, Revocation } from '../vocabulary.ts';
import { type Connection, deauthorized, isDeauthorized, type SealedConnection } from './connection.ts';
import {
  type Change,
  type ConnectionChange,
  changeTo,
  type Decision,
  type Keep,
  keepFor,
} from './connection-change.ts';
import type { RefreshPolicy } from './refresh-policy.ts';
import { type Chance, nextDueAt, operatorDueAt } from './schedule.ts';
import { isTokenExpired } from './token-lifetime.ts';

/** Long enough for the process that made a change to publish its event itself; after that the sweep does. */
const publishMilliseconds = 60_000;

/** What the platform gave for a refresh, sealed. */
export type RefreshedCredentials = Pick<
  ConnectionChange,
  'sealed' | 'obtainedAt' | 'expiresAt' | 'refreshExpiresAt' | 'scopes'
>;

/** The state of a connection that a consent has just made, or brought back. */
export type ActivatedState = Pick<SealedConnection, 'status' | 'generation' | 'connectedAt' | 'updatedAt'> & {
  readonly statusSince: number;
  readonly grantedAt: number;
  readonly lastUsedAt: number;
  readonly pendingEvent: ConnectionEventType;
  readonly dueAt: number;
};

/** A consent or entered credentials make a connection, or reconnect it in place with the next generation. */
export function activate(before: Connection | undefined, now: number): ActivatedState {
  return {
    status: 'active',
    statusSince: before?.status === 'active' ? (before.statusSince ?? before.connectedAt) : now,
    generation: (before?.generation ?? 0) + 1,
    grantedAt: now,
    lastUsedAt: now,
    ...withPendingEvent(activationEvent(before), now),
    connectedAt: before?.connectedAt ?? now,
    updatedAt: now,
  };
}

function activationEvent(before: Connection | undefined): ConnectionEventType {
  if (!before) return 'connection.created';
  return before.status === 'active' ? 'connection.refreshed' : 'connection.recovered';
}

/**
 * A refresh succeeded. Its credentials replace the generation that was spent for them and no other: a reconnect in
 * between stays, a disconnect in between gets them to revoke, and a `reconnect_required` declared on that generation is
 * overturned, unless the platform itself said that the user withdrew the grant.
 */
export function refreshed(
  current: Connection,
  refresh: {
    readonly spentGeneration: number;
    readonly credentials: RefreshedCredentials;
    readonly policy: RefreshPolicy;
  } & Chance,
): Decision<'overtaken'> {
  const { spentGeneration, credentials, policy, now } = refresh;
  if (current.generation !== spentGeneration) return keepFor('overtaken');
  const change = { ...credentials, generation: spentGeneration + 1, failures: undefined, updatedAt: now };
  // The disconnect goes on, and the sweep makes sure of it.
  if (current.status === 'disconnecting') return changeTo({ ...change, dueAt: now });
  if (isDeauthorized(current)) return changeTo(change);
  if (current.status !== 'active') return changeTo({ ...change, ...recovered(now) });
  // A pending event keeps its due date, or the sweep would not republish it.
  if (current.pendingEvent !== undefined) return changeTo(change);
  const after = { ...current, ...credentials, obtainedAt: credentials.obtainedAt ?? current.obtainedAt };
  return changeTo({ ...change, dueAt: nextDueAt(after, policy, refresh) });
}

/** A probe found the session of a misconfigured connection working again. */
export function recover(current: Connection, now: number): Decision<'not_misconfigured'> {
  if (current.status !== 'misconfigured') return keepFor('not_misconfigured');
  return changeTo({ ...recovered(now), updatedAt: now });
}

function recovered(now: number): ConnectionChange {
  return {
    status: 'active',
    statusReason: undefined,
    statusSince: now,
    ...withPendingEvent('connection.recovered', now),
  };
}

/** The grant or the session is gone; only the user can bring the connection back. */
export function requireReconnect(
  current: Connection,
  { reason, now }: { readonly reason: string; readonly now: number },
): Change | Keep<'disconnecting' | 'already_required'> {
  // A disconnect needs no reconnect.
  if (current.status === 'disconnecting') return keepFor('disconnecting');
  if (current.status === 'reconnect_required') return keepFor('already_required');
  return changeTo({
    status: 'reconnect_required',
    statusReason: reason,
    statusSince: now,
    updatedAt: now,
    ...withPendingEvent('connection.reconnect_required', now),
  });
}

/**
 * The platform says that the user withdrew a grant. It concerns that grant only, and stands against any refresh that is
 * still under way.
 */
export function deauthorize(
  current: Connection,
  { grantId, now }: { readonly grantId: Connection['grantId']; readonly now: number },
): Decision<'other_grant' | 'disconnecting' | 'already_deauthorized'> {
  if (current.grantId !== grantId) return keepFor('other_grant');
  if (current.status === 'disconnecting') return keepFor('disconnecting');
  if (isDeauthorized(current)) return keepFor('already_deauthorized');
  // An end that was declared for another reason has its event already, but a late refresh could overturn it.
  if (current.status === 'reconnect_required') {
    return changeTo({ statusReason: deauthorized, updatedAt: now });
  }
  return changeTo({
    status: 'reconnect_required',
    statusReason: deauthorized,
    statusSince: now,
    updatedAt: now,
    pendingEvent: 'connection.reconnect_required',
    // The event worker publishes nothing of ours itself; the sweep does, at once.
    dueAt: now,
  });
}

/** The platform refused the provider app itself: an operator's fault to repair, never the user's loss. */
export function misconfigure(
  current: Connection,
  { reason, now }: { readonly reason: string; readonly now: number },
): Decision<'already_required'> {
  if (current.status === 'reconnect_required') return keepFor('already_required');
  const retry = { updatedAt: now, dueAt: operatorDueAt(now) };
  if (current.status !== 'active' && current.status !== 'expiring') return changeTo(retry);
  return changeTo({
    status: 'misconfigured',
    statusReason: reason,
    statusSince: now,
    pendingEvent: 'connection.misconfigured',
    ...retry,
  });
}

/** Nothing can refresh these credentials: one warning as their end comes near, and one event when it is there. */
export function approachEnd(
  current: Connection,
  { policy, now, random }: { readonly policy: RefreshPolicy } & Chance,
): Decision<'disconnecting' | 'already_required'> {
  if (current.status === 'disconnecting') return keepFor('disconnecting');
  if (current.status === 'reconnect_required') return keepFor('already_required');
  if (isTokenExpired(current, now)) return requireReconnect(current, { reason: 'expired', now });
  if (current.expiresAt === undefined) return changeTo({ dueAt: undefined });
  if (current.status === 'expiring') {
    return changeTo({ dueAt: nextDueAt(current, policy, { now, random }) });
  }
  return changeTo({
    status: 'expiring',
    statusReason: 'not_renewable',
    statusSince: now,
    updatedAt: now,
    ...withPendingEvent('connection.expiring', now),
  });
}

/** From here on no token is handed out, and the record stays until the platform has confirmed the revocation. */
export function beginDisconnect(
  current: Connection,
  { now, dueAt }: { readonly now: number; readonly dueAt: number },
): Decision<'already_disconnecting'> {
  if (current.status === 'disconnecting') return keepFor('already_disconnecting');
  return changeTo({
    status: 'disconnecting',
    statusReason: undefined,
    statusSince: now,
    // The disconnect's own event replaces whatever was still to be published.
    pendingEvent: undefined,
    failures: undefined,
    dueAt,
    updatedAt: now,
  });
}

/** The platform's final answer to a disconnect is recorded; once its event is published the record can go. */
export function concludeDisconnect(
  current: Connection,
  { revocation, now }: { readonly revocation: Exclude<Revocation, 'revoke_pending'>; readonly now: number },
): Decision<'not_disconnecting'> {
  if (current.status !== 'disconnecting') return keepFor('not_disconnecting');
  return changeTo({
    revocation,
    updatedAt: now,
    ...withPendingEvent('connection.disconnected', now),
  });
}

function withPendingEvent(
  type: ConnectionEventType,
  now: number,
): { readonly pendingEvent: ConnectionEventType; readonly dueAt: number } {
  return { pendingEvent: type, dueAt: now + publishMilliseconds };
}
