/**
 * The state machine of a connection, and the only file that assigns its status. Each function takes a connection and
 * what happened to it, and returns the new state with its pending event and its next due date as one write, or the
 * reason why nothing changes. The pending event is the transactional outbox: written with the change, cleared after publishing, and
 * republished by the sweep if the process dies in between.
 */
import type { ConnectionEventType, ConnectionStatus, Revocation } from '../vocabulary.ts';
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

/** How long the process that made a change has to publish its event; after that the sweep republishes it. */
const publishMilliseconds = 60_000;

/** The credentials that a refresh obtained, sealed. */
export type RefreshedCredentials = Pick<
  ConnectionChange,
  'sealed' | 'obtainedAt' | 'expiresAt' | 'refreshExpiresAt' | 'scopes'
>;

/** The state of a connection that a consent has just created or restored. */
export type ActivatedState = Pick<SealedConnection, 'status' | 'generation' | 'connectedAt' | 'updatedAt'> & {
  readonly statusSince: number;
  readonly grantedAt: number;
  readonly lastUsedAt: number;
  readonly pendingEvent: ConnectionEventType;
  readonly dueAt: number;
};

/** A consent, or credentials that the user entered, create a connection or reconnect it in place as its next generation. */
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

/** The event of a reconnect, by the status before it. */
const reconnectEvents: Readonly<Record<ConnectionStatus, ConnectionEventType>> = {
  active: 'connection.refreshed',
  expiring: 'connection.recovered',
  reconnect_required: 'connection.recovered',
  disconnecting: 'connection.recovered',
  misconfigured: 'connection.recovered',
};

function activationEvent(before: Connection | undefined): ConnectionEventType {
  return before ? reconnectEvents[before.status] : 'connection.created';
}

/** What a successful refresh makes of each status. */
const refreshEffects: Readonly<Record<ConnectionStatus, 'stay' | 'recover' | 'resume_disconnect'>> = {
  active: 'stay',
  expiring: 'recover',
  reconnect_required: 'recover',
  misconfigured: 'recover',
  disconnecting: 'resume_disconnect',
};

/**
 * A refresh succeeded. Its credentials replace the generation that the call spent and no other. A reconnect in between
 * wins; a disconnect in between receives the credentials, to revoke them; a `reconnect_required` declared on that
 * generation is overturned, unless the platform itself reported that the user withdrew the grant.
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
  const effect = refreshEffects[current.status];
  // Due now, so that the sweep resumes the disconnect with the new tokens.
  if (effect === 'resume_disconnect') return changeTo({ ...change, dueAt: now });
  if (isDeauthorized(current)) return changeTo(change);
  if (effect === 'recover') return changeTo({ ...change, ...recovered(now) });
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

/** Why a connection in some status cannot end by itself: it has ended already, or a disconnect is ending it. */
const endRefusals: Readonly<Record<ConnectionStatus, 'disconnecting' | 'already_required' | undefined>> = {
  active: undefined,
  expiring: undefined,
  misconfigured: undefined,
  reconnect_required: 'already_required',
  disconnecting: 'disconnecting',
};

/** The grant or the session has ended; only the user can restore the connection. */
export function requireReconnect(
  current: Connection,
  { reason, now }: { readonly reason: string; readonly now: number },
): Change | Keep<'disconnecting' | 'already_required'> {
  const refusal = endRefusals[current.status];
  if (refusal) return keepFor(refusal);
  return changeTo({
    status: 'reconnect_required',
    statusReason: reason,
    statusSince: now,
    updatedAt: now,
    ...withPendingEvent('connection.reconnect_required', now),
  });
}

/**
 * The platform reported that the user withdrew a grant. This ends that grant only, and a refresh still in flight cannot
 * overturn it.
 */
export function deauthorize(
  current: Connection,
  { grantId, now }: { readonly grantId: Connection['grantId']; readonly now: number },
): Decision<'other_grant' | 'disconnecting' | 'already_deauthorized'> {
  if (current.grantId !== grantId) return keepFor('other_grant');
  const refusal = endRefusals[current.status];
  if (refusal === 'disconnecting') return keepFor(refusal);
  if (isDeauthorized(current)) return keepFor('already_deauthorized');
  // An end declared for another reason has its event already, but a late refresh could still overturn it.
  if (refusal === 'already_required') {
    return changeTo({ statusReason: deauthorized, updatedAt: now });
  }
  return changeTo({
    status: 'reconnect_required',
    statusReason: deauthorized,
    statusSince: now,
    updatedAt: now,
    pendingEvent: 'connection.reconnect_required',
    // The webhook worker publishes no pending events; due now, so that the next sweep has it published.
    dueAt: now,
  });
}

/** What a refusal of the provider app makes of each status. */
const misconfigureEffects: Readonly<Record<ConnectionStatus, 'mark' | 'retry' | 'none'>> = {
  active: 'mark',
  expiring: 'mark',
  misconfigured: 'retry',
  disconnecting: 'retry',
  reconnect_required: 'none',
};

/** The platform refused the provider app itself. An operator must repair the registration; the user loses nothing. */
export function misconfigure(
  current: Connection,
  { reason, now }: { readonly reason: string; readonly now: number },
): Decision<'already_required'> {
  const effect = misconfigureEffects[current.status];
  if (effect === 'none') return keepFor('already_required');
  const retry = { updatedAt: now, dueAt: operatorDueAt(now) };
  if (effect === 'retry') return changeTo(retry);
  return changeTo({
    status: 'misconfigured',
    statusReason: reason,
    statusSince: now,
    pendingEvent: 'connection.misconfigured',
    ...retry,
  });
}

/** Nothing can refresh these credentials: the tenant receives one warning before they expire, and one event when they do. */
export function approachEnd(
  current: Connection,
  { policy, now, random }: { readonly policy: RefreshPolicy } & Chance,
): Decision<'disconnecting' | 'already_required'> {
  const refusal = endRefusals[current.status];
  if (refusal) return keepFor(refusal);
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

/** Begins a disconnect: Hawser hands out no token from now on, and keeps the record until the platform confirms the revocation. */
export function beginDisconnect(
  current: Connection,
  { now, dueAt }: { readonly now: number; readonly dueAt: number },
): Decision<'already_disconnecting'> {
  if (current.status === 'disconnecting') return keepFor('already_disconnecting');
  return changeTo({
    status: 'disconnecting',
    statusReason: undefined,
    statusSince: now,
    // The disconnect's own event replaces an event that is still pending.
    pendingEvent: undefined,
    failures: undefined,
    dueAt,
    updatedAt: now,
  });
}

/** Records the platform's final answer to a disconnect. Once the event is published, the record can be deleted. */
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
