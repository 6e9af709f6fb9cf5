/**
 * Due dates: when the sweep should next pick up a connection, to refresh it before its token expires, keep its refresh
 * token from expiring unused, probe a session, or warn before an end that nothing can prevent. Jitter spreads the dates of
 * connections that were created, or failed, together.
 */
import type { ConnectionStatus } from '../vocabulary.ts';
import type { Connection } from './connection.ts';
import type { RefreshPolicy } from './refresh-policy.ts';
import { marginMilliseconds } from './token-lifetime.ts';

/** A connection counts as in use for a week after its token was last asked for. */
const useWindowMilliseconds = 7 * 86_400_000;
/** A failed refresh is retried within a minute at most, so that the first sweep after an outage finds it. */
const longestBackoffMilliseconds = 60_000;
const firstBackoffMilliseconds = 5_000;
/** Operators repair a registration in minutes, not seconds. */
const operatorMilliseconds = 600_000;
const dayMilliseconds = 86_400_000;

/** What a due date depends on. */
export interface Timed extends Pick<Connection, 'status' | 'obtainedAt' | 'refreshable'> {
  readonly expiresAt?: number | undefined;
  readonly refreshExpiresAt?: number | undefined;
  readonly lastUsedAt?: number | undefined;
}

/** The time and the source of randomness, passed in. */
export interface Chance {
  readonly now: number;
  /** A number from 0 to below 1, for jitter. */
  readonly random: () => number;
}

/** Where the due date of a connection comes from in each status. */
const dueBy: Readonly<Record<ConnectionStatus, 'lifetime' | 'operator' | 'nothing'>> = {
  active: 'lifetime',
  expiring: 'lifetime',
  disconnecting: 'lifetime',
  misconfigured: 'operator',
  reconnect_required: 'nothing',
};

/** The due date of a connection that has just received its credentials, as if it were in use. */
export function nextDueAt(
  connection: Timed,
  policy: RefreshPolicy,
  { now, random }: Chance,
): number | undefined {
  const source = dueBy[connection.status];
  if (source === 'nothing') return undefined;
  if (source === 'operator') return operatorDueAt(now);
  if (policy.probeEverySeconds !== undefined) {
    return now + policy.probeEverySeconds * 1000 * (0.9 + 0.2 * random());
  }
  if (!connection.refreshable) return endDueAt(connection, policy, now);
  if (connection.expiresAt === undefined) return idleDueAt(connection, policy, random);
  const lifetime = connection.expiresAt - connection.obtainedAt;
  const margin = marginMilliseconds(lifetime, policy.margin);
  // Up to one more margin ahead of the margin: then readers never meet a token that they must refresh themselves.
  const lead = margin * (1.1 + Math.min(0.8, (lifetime - margin) / margin - 0.2) * random());
  return Math.max(
    now,
    Math.min(connection.expiresAt - lead, idleDueAt(connection, policy, random) ?? Infinity),
  );
}

/**
 * The due date of a connection that was imported with many others: any time up to its usual one. Imported tokens often
 * expire together, and neither their platform nor the workers could refresh them all at the last moment.
 */
export function importedDueAt(
  connection: Timed,
  policy: RefreshPolicy,
  { now, random }: Chance,
): number | undefined {
  const usual = nextDueAt(connection, policy, { now, random });
  // A warning needs no platform call, and keeps its date.
  if (usual === undefined || (policy.probeEverySeconds === undefined && !connection.refreshable)) {
    return usual;
  }
  const { minimumAgeSeconds = 0 } = policy;
  const earliest = Math.min(usual, Math.max(now, connection.obtainedAt + minimumAgeSeconds * 1000));
  return earliest + (usual - earliest) * random();
}

/** When an unused connection must still be refreshed, if ever. */
export function idleDueAt(
  connection: Timed,
  { keepAliveSeconds }: RefreshPolicy,
  random: () => number,
): number | undefined {
  const byPolicy =
    keepAliveSeconds === undefined
      ? undefined
      : connection.obtainedAt + keepAliveSeconds * 1000 * (0.9 + 0.1 * random());
  // Half of the refresh token's life, even if the platform has changed its times since the definition was written.
  const byExpiry =
    connection.refreshExpiresAt === undefined
      ? undefined
      : connection.obtainedAt +
        (connection.refreshExpiresAt - connection.obtainedAt) * (0.45 + 0.05 * random());
  const times = [byPolicy, byExpiry].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Whether to refresh a due connection before a caller asks for its token. */
export function isRefreshedAhead(
  connection: Timed,
  policy: RefreshPolicy,
  refreshAll: boolean,
  now: number,
): boolean {
  if (refreshAll || policy.proactive === 'always') return true;
  return connection.lastUsedAt !== undefined && connection.lastUsedAt > now - useWindowMilliseconds;
}

/** Whether an unused connection must be refreshed now, by the earliest date that its jitter allows. */
export function isIdleRefreshDue(connection: Timed, policy: RefreshPolicy, now: number): boolean {
  // Drawing a new random date at each sweep would postpone the refresh forever.
  const earliest = idleDueAt(connection, policy, () => 0);
  return earliest !== undefined && earliest <= now;
}

/** Exponential backoff with full jitter, and never before the platform allows. */
export function retryDueAt(
  failures: number,
  { now, random }: Chance,
  wait: { readonly afterSeconds?: number | undefined; readonly longestMilliseconds?: number } = {},
): number {
  const { afterSeconds = 0, longestMilliseconds = longestBackoffMilliseconds } = wait;
  const bound = Math.min(longestMilliseconds, firstBackoffMilliseconds * 2 ** Math.min(failures, 20));
  return Math.ceil(now + afterSeconds * 1000 + 1_000 + bound * random());
}

/** When to retry a refresh that only an operator, or the user, can repair. */
export function operatorDueAt(now: number): number {
  return now + operatorMilliseconds;
}

/** When to retry at a platform that refused to refresh credentials because they are too young. */
export function youngDueAt({ now, random }: Chance): number {
  return now + dayMilliseconds * (0.5 + 0.5 * random());
}

/** Nothing can refresh the connection: it is due for its warning first, then at its end. */
function endDueAt(connection: Timed, policy: RefreshPolicy, now: number): number | undefined {
  if (connection.expiresAt === undefined) return undefined;
  const warnAt =
    connection.expiresAt - marginMilliseconds(connection.expiresAt - connection.obtainedAt, policy.margin);
  return connection.status === 'expiring' || warnAt <= now ? connection.expiresAt : warnAt;
}
