/**
 * Waits for a condition in place of a time. The limit catches a hang and judges nothing: a machine under load may take
 * as long as it needs.
 */
import { setTimeout as sleep } from 'node:timers/promises';

const limitMilliseconds = 180_000;

/** The first thing that a look finds; `undefined` and `false` mean that it is not there yet. */
export async function eventually<Found>(
  look: () => Promise<Found | undefined | false> | Found | undefined | false,
): Promise<Found> {
  for (const until = performance.now() + limitMilliseconds; performance.now() < until; ) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await sleep(20);
  }
  throw new Error(`It did not happen within ${limitMilliseconds / 1_000} seconds.`);
}
