/** When a request was signed, and whether that is too long ago: each format in one spelling, age in both directions. */

export type TimestampFormat = 'unix-seconds' | 'unix-milliseconds' | 'http-date' | 'iso-8601';

/** How far ahead of ours a platform's clock may run. */
const clockSkewSeconds = 300;

const spellings: Readonly<Record<TimestampFormat, RegExp>> = {
  'unix-seconds': /^[1-9]\d{0,11}$/,
  'unix-milliseconds': /^[1-9]\d{0,14}$/,
  // IMF-fixdate, RFC 9110 section 5.6.7: always 29 characters.
  'http-date': /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  'iso-8601': /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/,
};

/** Formats that show by themselves where they end, so that nothing need part them from what follows. */
export function endsByItself(format: TimestampFormat): boolean {
  return format === 'http-date' || format === 'iso-8601';
}

/** Whether text has the outward form of a timestamp; it may still name no day. */
export function isSpelled(text: string, format: TimestampFormat): boolean {
  return spellings[format].test(text);
}

/** Epoch milliseconds, or nothing when the text is not a time in this format. */
export function parseTimestamp(text: string, format: TimestampFormat): number | undefined {
  if (!isSpelled(text, format)) return undefined;
  const time =
    format === 'unix-seconds'
      ? Number(text) * 1000
      : format === 'unix-milliseconds'
        ? Number(text)
        : Date.parse(text);
  return Number.isFinite(time) ? time : undefined;
}

/** Whether a time lies further back than the tolerance, or further ahead than clocks differ. Both bounds are inclusive. */
export function isStale(time: number, now: number, toleranceSeconds: number): boolean {
  const ageSeconds = (now - time) / 1000;
  return ageSeconds > toleranceSeconds || -ageSeconds > Math.min(toleranceSeconds, clockSkewSeconds);
}
