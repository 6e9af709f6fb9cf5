/**
 * Keeps one instance from pressing a platform: so many calls at once, and none for a moment after several in a row
 * went unanswered. What is held back stays due, and the next sweep brings it again.
 */
import type { ProviderId } from '../ids.ts';
import type { Registry } from '../providers/registry.ts';
import type { Worked } from './work-connection.ts';

const usualConcurrency = 5;
const failuresInARow = 5;
const pauseMilliseconds = 20_000;

interface Lane {
  running: number;
  readonly waiting: (() => void)[];
  failures: number;
  closedUntil: number;
}

export function createThrottle(registry: Registry, now: () => number) {
  const lanes = new Map<ProviderId, Lane>();

  return async (providerId: ProviderId, work: () => Promise<Worked>): Promise<void> => {
    const lane = lanes.get(providerId) ?? { running: 0, waiting: [], failures: 0, closedUntil: 0 };
    lanes.set(providerId, lane);
    const provider = registry.find(providerId);
    const limit = (provider?.auth === 'oauth2' ? provider.concurrency : 1) ?? usualConcurrency;
    while (lane.running >= limit) await new Promise<void>((resolve) => lane.waiting.push(resolve));
    if (lane.closedUntil > now()) {
      lane.waiting.shift()?.();
      return;
    }
    lane.running += 1;
    try {
      record(lane, await work());
    } finally {
      lane.running -= 1;
      lane.waiting.shift()?.();
    }
  };

  function record(lane: Lane, worked: Worked): void {
    if (worked === 'renewed' || worked === 'probed' || worked === 'disconnected') lane.failures = 0;
    if (worked !== 'postponed') return;
    lane.failures += 1;
    if (lane.failures < failuresInARow) return;
    lane.closedUntil = now() + pauseMilliseconds;
    // After the pause one more failure closes it again.
    lane.failures = failuresInARow - 1;
  }
}
