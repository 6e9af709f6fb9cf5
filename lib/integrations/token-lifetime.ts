/** When a token is still good, when it should be renewed, and when it is over. */
import type { Connection } from '../connections/connection.ts';
import type { RefreshMargin } from '../providers/definition.ts';

/** Whether the access token has ended. One whose end the platform never told has not. */
export function isTokenExpired(connection: Pick<Connection, 'expiresAt'>, now: number): boolean {
  return connection.expiresAt !== undefined && connection.expiresAt <= now;
}

/** A token from the future was obtained under a clock that has been set right since; its end is anybody's guess. */
const clockSkewMilliseconds = 60_000;

/** Whether no more than the provider's safety margin is left. */
export function isRefreshDue(
  connection: Pick<Connection, 'expiresAt' | 'obtainedAt'>,
  margin: RefreshMargin,
  now: number,
): boolean {
  if (connection.expiresAt === undefined) return false;
  if (connection.obtainedAt > now + clockSkewMilliseconds) return true;
  return (
    connection.expiresAt - marginMilliseconds(connection.expiresAt - connection.obtainedAt, margin) <= now
  );
}

/** The margin of a lifetime; never the whole of it, or a short-lived token would be renewed at every read. */
export function marginMilliseconds(lifetime: number, margin: RefreshMargin): number {
  const wanted = Math.min(
    Math.max(lifetime * margin.share, margin.atLeastSeconds * 1000),
    margin.atMostSeconds * 1000,
  );
  return Math.min(wanted, lifetime / 2);
}
