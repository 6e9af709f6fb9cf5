/**
 * Keeps one instance from pressing a platform: so many calls at once; after several in a row went unanswered none for a
 * moment, and then one at a time until one is answered. What is held back stays due, and the next sweep brings it again.
 */
import type { ProviderId } from '../ids.ts';
import type { Registry } from '../providers/registry.ts';
import type { Worked } from './work-connection.ts';

const usualConcurrency = 5;
const failuresInARow = 5;
const pauseMilliseconds = 20_000;

interface Lane {
  readonly concurrency: number;
  running: number;
  readonly waiting: (() => void)[];
  failures: number;
  closedUntil: number;
}

export function createThrottle(registry: Registry, now: () => number) {
  const lanes = new Map<ProviderId, Lane>();

  return async (providerId: ProviderId, work: () => Promise<Worked>): Promise<void> => {
    const lane = laneOf(providerId);
    await enter(lane);
    try {
      if (lane.closedUntil <= now()) record(lane, await work());
    } finally {
      leave(lane);
    }
  };

  function laneOf(providerId: ProviderId): Lane {
    const known = lanes.get(providerId);
    if (known) return known;
    const concurrency = registry.find(providerId)?.concurrency ?? usualConcurrency;
    const lane = { concurrency, running: 0, waiting: [], failures: 0, closedUntil: 0 };
    lanes.set(providerId, lane);
    return lane;
  }

  function record(lane: Lane, worked: Worked): void {
    if (worked === 'renewed' || worked === 'probed' || worked === 'disconnected') lane.failures = 0;
    if (worked !== 'postponed') return;
    lane.failures += 1;
    if (lane.failures >= failuresInARow) lane.closedUntil = now() + pauseMilliseconds;
  }
}

/** A platform that has just been silent is asked by one message; the others wait for what becomes of it. */
function hasRoom(lane: Lane): boolean {
  return lane.running < (lane.failures >= failuresInARow ? 1 : lane.concurrency);
}

async function enter(lane: Lane): Promise<void> {
  if (hasRoom(lane)) lane.running += 1;
  else await new Promise<void>((resolve) => lane.waiting.push(resolve));
}

/** Whoever is let in takes the place at once, so that nobody slips in between. */
function leave(lane: Lane): void {
  lane.running -= 1;
  while (hasRoom(lane)) {
    const next = lane.waiting.shift();
    if (!next) return;
    lane.running += 1;
    next();
  }
}
