/**
 * The backoff of failed deliveries: exponential with full jitter, from seconds to half a day. All attempts together
 * usually take three days, and at most a week.
 */

/** How many attempts a delivery has before it is dead-lettered. */
export const maxDeliveryAttempts = 19;

const firstSeconds = 10;
const factor = 4;
/** Just under half a day. A failure period continues only while attempts are at most a day apart. */
const longestSeconds = 43_000;
const leastSeconds = 1;
/** The longest Retry-After that is honoured, so that the last attempt stays within the week. */
const mostAskedSeconds = 3_600;

/**
 * Seconds until the next attempt: a random value up to a ceiling that grows with the attempts.
 * @param tries the attempts so far, the last one included.
 * @param asked the destination's Retry-After in seconds.
 */
export function retryDelaySeconds(tries: number, random: () => number, asked = 0): number {
  const ceiling = Math.min(longestSeconds, firstSeconds * factor ** (Math.max(1, tries) - 1));
  return Math.max(leastSeconds, Math.min(asked, mostAskedSeconds), Math.round(ceiling * random()));
}
