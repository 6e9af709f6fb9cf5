/**
 * When a delivery that failed is tried again: after seconds at first, after hours at last, spread by chance so that what
 * failed together does not come back together. All its tries together take three days as a rule, and a week at most.
 */

/** How often a delivery is tried before it is given up. */
export const maxDeliveryAttempts = 19;

const firstSeconds = 10;
const factor = 4;
/** Half a day, nearly; a destination is believed to fail on when tries are no more than a day apart. */
const longestSeconds = 43_000;
const leastSeconds = 1;
/** As far as a destination may put off each try, so that the last one is still within the week. */
const mostAskedSeconds = 3_600;

/**
 * Seconds until the next try, with full jitter: anything up to a ceiling that grows with the tries.
 * @param tries how often it has been tried, the last time included.
 * @param asked seconds for which the destination wants to be left alone.
 */
export function retryDelaySeconds(tries: number, random: () => number, asked = 0): number {
  const ceiling = Math.min(longestSeconds, firstSeconds * factor ** (Math.max(1, tries) - 1));
  return Math.max(leastSeconds, Math.min(asked, mostAskedSeconds), Math.round(ceiling * random()));
}
