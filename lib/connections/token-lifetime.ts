/** Whether an access token is valid, should be refreshed, or has expired. */
import type { Connection } from './connection.ts';
import type { RefreshMargin } from './refresh-policy.ts';

/** Whether the access token has expired. A token without a stated lifetime never has. */
export function isTokenExpired(connection: Pick<Connection, 'expiresAt'>, now: number): boolean {
  return connection.expiresAt !== undefined && connection.expiresAt <= now;
}

/** A token obtained in the future was stored under a wrong clock that has since been corrected; its expiry is unknown. */
const clockSkewMilliseconds = 60_000;

/** Whether no more than the provider's safety margin is left before expiry. */
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

/** Whether the platform would refuse to refresh credentials of this age. A negative age comes from a wrong clock: then call. */
export function isTooYoungToRefresh(
  { obtainedAt }: Pick<Connection, 'obtainedAt'>,
  minimumAgeSeconds: number | undefined,
  now: number,
): boolean {
  const age = now - obtainedAt;
  return age >= 0 && age < (minimumAgeSeconds ?? 0) * 1000;
}

/** The margin of a lifetime; at most half of it, or each read of a short-lived token would refresh it. */
export function marginMilliseconds(lifetime: number, margin: RefreshMargin): number {
  const wanted = Math.min(
    Math.max(lifetime * margin.share, margin.atLeastSeconds * 1000),
    margin.atMostSeconds * 1000,
  );
  return Math.min(wanted, lifetime / 2);
}
