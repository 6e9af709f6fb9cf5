/**
 * Changes that leave a connection's status alone: its next due date after an inconclusive attempt, a use, a probe, or
 * the publication of its event. Like the transitions, each is decided here and written as one change.
 */
import type { Connection } from './connection.ts';
import { type Change, changeTo, type Decision, keepFor } from './connection-change.ts';
import type { RefreshPolicy } from './refresh-policy.ts';
import { type Chance, idleDueAt, nextDueAt, operatorDueAt, retryDueAt, youngDueAt } from './schedule.ts';

/** Hawser records a use once a day, so that most reads cost no write. */
const useRecordMilliseconds = 86_400_000;
/** Workers retry a revocation until it succeeds, at least once an hour. */
const longestRevocationPauseMilliseconds = 3_600_000;

/** A refresh failed for a transient reason: exponential backoff, and never before the platform allows. */
export function postponeRefresh(
  current: Connection,
  { afterSeconds, ...chance }: { readonly afterSeconds?: number | undefined } & Chance,
): Change {
  const failures = failuresOf(current);
  return changeTo({ failures, dueAt: retryDueAt(failures, chance, { afterSeconds }) });
}

/** A refresh failed for a reason that only an operator, or the user, can remove. */
export function waitForOperator(current: Connection, now: number): Change {
  return changeTo({ failures: failuresOf(current), dueAt: operatorDueAt(now) });
}

/** The answer to a refresh was lost: no worker spends the same token again before the lease of that call has ended. */
export function leaveInDoubt(
  current: Connection,
  { leaseDeadline, random }: { readonly leaseDeadline: number; readonly random: () => number },
): Change {
  return changeTo({ failures: failuresOf(current), dueAt: leaseDeadline + Math.ceil(1_000 * random()) });
}

/** The platform refused the refresh because the credentials are too young. */
export function waitForAge(chance: Chance): Change {
  return changeTo({ dueAt: youngDueAt(chance) });
}

/** The connection is unused: its next refresh is the one that keeps its refresh token alive, if the platform expires idle ones. */
export function leaveIdle(
  current: Connection,
  { policy, random }: { readonly policy: RefreshPolicy; readonly random: () => number },
): Change {
  return changeTo({ dueAt: idleDueAt(current, policy, random) });
}

/** A caller received a token: the connection counts as in use, and workers refresh it ahead of time again. */
export function noteUse(
  current: Connection,
  { policy, now, random }: { readonly policy: RefreshPolicy } & Chance,
): Decision<'noted_before'> {
  if (current.lastUsedAt !== undefined && current.lastUsedAt > now - useRecordMilliseconds) {
    return keepFor('noted_before');
  }
  // A pending event keeps its due date, or the sweep would not republish it.
  if (current.pendingEvent !== undefined) return changeTo({ lastUsedAt: now });
  const dueAt = nextDueAt({ ...current, lastUsedAt: now }, policy, { now, random });
  return changeTo({ lastUsedAt: now, dueAt });
}

/**
 * The queue accepted the pending event: clears the outbox marker.
 * @param policy absent where the provider is no longer known.
 */
export function markPublished(
  current: Connection,
  { policy, now, random }: { readonly policy: RefreshPolicy | undefined } & Chance,
): Decision<'nothing_pending'> {
  if (current.pendingEvent === undefined) return keepFor('nothing_pending');
  if (!policy || current.status === 'disconnecting') return changeTo({ pendingEvent: undefined });
  return changeTo({ pendingEvent: undefined, dueAt: nextDueAt(current, policy, { now, random }) });
}

/** A worker claims a probe before it begins: the next one is due after the usual interval, even if this one crashes. */
export function claimProbe(
  current: Connection,
  { policy, now, random }: { readonly policy: RefreshPolicy } & Chance,
): Change {
  return changeTo({ dueAt: nextDueAt(current, policy, { now, random }) });
}

/** The platform has not confirmed a revocation: exponential backoff up to an hour. */
export function postponeRevocation(current: Connection, chance: Chance): Decision<'not_disconnecting'> {
  if (current.status !== 'disconnecting') return keepFor('not_disconnecting');
  const failures = failuresOf(current);
  const wait = { longestMilliseconds: longestRevocationPauseMilliseconds };
  return changeTo({ failures, dueAt: retryDueAt(failures, chance, wait) });
}

/** An operator wants the workers to process the connection now, in use or not. */
export function bringForward(dueAt: number, { usedAt }: { readonly usedAt?: number } = {}): Change {
  return changeTo({ dueAt, ...(usedAt !== undefined && { lastUsedAt: usedAt }) });
}

/** Gives the backoff its full width, so that few connections call a platform that is down for all of them. */
const failuresOfFullBackoff = 4;

/** The platform's circuit is open: no call was made, so this does not count as a failure of the connection. */
export function holdBack(current: Connection, chance: Chance): Change {
  const failures = Math.max(failuresOfFullBackoff, current.failures ?? 0);
  return changeTo({ dueAt: retryDueAt(failures, chance) });
}

function failuresOf({ failures = 0 }: Connection): number {
  return failures + 1;
}
