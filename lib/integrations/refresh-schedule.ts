/**
 * When there is something to do for a connection next: renew it before it ends, keep its refresh token from dying of
 * idleness, look at a session again, warn before an end that nothing can prevent. Spread by chance, so that what was
 * connected or failed together does not come back together.
 */
import type { Connection } from '../connections/connection.ts';
import type { OAuthProvider, Provider } from '../providers/definition.ts';
import { marginMilliseconds } from './token-lifetime.ts';

/** A connection counts as in use for a week after its token was last asked for. */
export const useWindowMilliseconds = 7 * 86_400_000;
/** Use is noted to the nearest part of this, so that reads cost no write. */
export const useNoteMilliseconds = 86_400_000;
/** A refused or unanswered renewal is tried again within a minute at most, so that the sweep after an outage finds it. */
const longestBackoffMilliseconds = 60_000;
const firstBackoffMilliseconds = 5_000;
/** An operator needs minutes to mend a registration, not seconds. */
export const misconfiguredRestMilliseconds = 600_000;

type Timed = Pick<
  Connection,
  'status' | 'expiresAt' | 'obtainedAt' | 'refreshExpiresAt' | 'refreshable' | 'lastUsedAt'
>;

/** When a connection that has just been given its credentials wants attention, as if it were in use. */
export function nextDueAt(
  connection: Timed,
  provider: Provider,
  now: number,
  random: () => number,
): number | undefined {
  if (connection.status === 'reconnect_required') return undefined;
  if (connection.status === 'misconfigured') return now + misconfiguredRestMilliseconds;
  if (provider.auth === 'credentials')
    return now + provider.probe.everySeconds * 1000 * (0.9 + 0.2 * random());
  if (!connection.refreshable) return endAt(connection, provider, now);
  if (connection.expiresAt === undefined) return idleDueAt(connection, provider, random);
  const lifetime = connection.expiresAt - connection.obtainedAt;
  const margin = marginMilliseconds(lifetime, provider.tokens.margin);
  // Ahead of the margin by up to another one: readers then never meet a token that they must renew themselves.
  const lead = margin * (1.1 + Math.min(0.8, (lifetime - margin) / margin - 0.2) * random());
  return Math.max(
    now,
    Math.min(connection.expiresAt - lead, idleDueAt(connection, provider, random) ?? Infinity),
  );
}

/**
 * When a connection that came with many others wants attention: at any time until it would have by itself. What is
 * imported together often ends together, and then neither its platform nor the workers could do all of it in time.
 */
export function importedDueAt(
  connection: Timed,
  provider: Provider,
  now: number,
  random: () => number,
): number | undefined {
  const usual = nextDueAt(connection, provider, now, random);
  // A warning is no work, and has its time.
  if (usual === undefined || (provider.auth === 'oauth2' && !connection.refreshable)) return usual;
  const { minimumAgeSeconds = 0 } = provider.auth === 'oauth2' ? provider.tokens : {};
  const earliest = Math.min(usual, Math.max(now, connection.obtainedAt + minimumAgeSeconds * 1000));
  return earliest + (usual - earliest) * random();
}

/** When a connection that nobody uses must be renewed all the same, if ever. */
export function idleDueAt(
  connection: Timed,
  provider: OAuthProvider,
  random: () => number,
): number | undefined {
  const { keepAliveSeconds } = provider.tokens;
  const byPolicy =
    keepAliveSeconds === undefined
      ? undefined
      : connection.obtainedAt + keepAliveSeconds * 1000 * (0.9 + 0.1 * random());
  // Half of what is left, however the platform has changed its times since the definition was written.
  const byClock =
    connection.refreshExpiresAt === undefined
      ? undefined
      : connection.obtainedAt +
        (connection.refreshExpiresAt - connection.obtainedAt) * (0.45 + 0.05 * random());
  const times = [byPolicy, byClock].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Whether a due connection is worth renewing before anybody asks. */
export function isWantedFresh(
  connection: Timed,
  provider: OAuthProvider,
  all: boolean,
  now: number,
): boolean {
  if (all || provider.tokens.proactive === 'always') return true;
  return connection.lastUsedAt !== undefined && connection.lastUsedAt > now - useWindowMilliseconds;
}

/** When to try again after a failure: full jitter under a doubling bound, and never before the platform allows. */
export function retryAt(
  failures: number,
  afterSeconds: number | undefined,
  now: number,
  random: () => number,
  longest = longestBackoffMilliseconds,
): number {
  const bound = Math.min(longest, firstBackoffMilliseconds * 2 ** Math.min(failures, 20));
  return Math.ceil(now + (afterSeconds ?? 0) * 1000 + 1_000 + bound * random());
}

/** Nothing can renew it: first the warning, then the end. */
function endAt(connection: Timed, provider: OAuthProvider, now: number): number | undefined {
  if (connection.expiresAt === undefined) return undefined;
  const warnAt =
    connection.expiresAt -
    marginMilliseconds(connection.expiresAt - connection.obtainedAt, provider.tokens.margin);
  return connection.status === 'expiring' || warnAt <= now ? connection.expiresAt : warnAt;
}
