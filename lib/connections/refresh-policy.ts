/** What the schedule needs from a provider, as plain data, so that this room does not depend on providers. */

/** How long before its expiry an access token is refreshed: a share of its lifetime, within bounds. */
export interface RefreshMargin {
  /** Share of the lifetime, between 0 and 1. */
  readonly share: number;
  readonly atLeastSeconds: number;
  readonly atMostSeconds: number;
}

export interface RefreshPolicy {
  /** Refresh this long before the access token expires. */
  readonly margin: RefreshMargin;
  /** Refresh ahead of time only connections in use, or all of them because the platform ends unrefreshed ones. */
  readonly proactive: 'in_use' | 'always';
  /** The longest a refresh token may stay unused, in seconds, where the platform expires idle ones. */
  readonly keepAliveSeconds?: number;
  /** The age in seconds before which the platform refreshes nothing. */
  readonly minimumAgeSeconds?: number;
  /** Seconds between two probes, where credentials are probed instead of refreshed. */
  readonly probeEverySeconds?: number;
}
