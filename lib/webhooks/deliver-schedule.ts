/**
 * When a delivery that failed is tried again: after seconds at first, after hours at last, spread by chance so that what
 * failed together does not come back together. With the tries that its queue allows it goes on for about three days.
 */

const firstSeconds = 10;
const factor = 4;
/** SQS hides a message for twelve hours at most, counted from when it was received. */
const longestSeconds = 43_000;
const leastSeconds = 1;
/** As far as a destination may put off each try: with nineteen of them its queue still does not forget the message. */
const mostAskedSeconds = 3_600;

/**
 * Seconds until the next try, with full jitter: anything up to a ceiling that grows with the tries.
 * @param tries how often the message has been received, this time included.
 * @param asked seconds for which the destination wants to be left alone.
 */
export function pauseSeconds(tries: number, random: () => number, asked = 0): number {
  const ceiling = Math.min(longestSeconds, firstSeconds * factor ** (Math.max(1, tries) - 1));
  return Math.max(leastSeconds, Math.min(asked, mostAskedSeconds), Math.round(ceiling * random()));
}
