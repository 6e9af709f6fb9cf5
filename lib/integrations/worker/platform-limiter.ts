/**
 * Keeps one worker instance from pressing a platform, by a bulkhead and a circuit for each provider app: one tenant's dead
 * server holds up nobody who uses the same provider through another app. The bulkhead lets so many calls run at once.
 * The circuit opens after several calls in a row that went unanswered; when its time is over, one call tries, and the
 * others follow once a call was answered.
 */
import type { AppId } from '../../ids.ts';
import type { Worked } from './work-connection.ts';

/** How many calls of one app run at once where its provider says nothing else. */
export const usualConcurrency = 5;
const failuresInARow = 5;
const openMilliseconds = 20_000;
/** Instances live for hours and tenants bring apps of their own; those without trouble are forgotten. */
const mostApps = 1_000;

interface AppState {
  readonly concurrency: number;
  running: number;
  readonly waiting: (() => void)[];
  failures: number;
  openUntil: number;
}

export interface LimitedWork {
  readonly app: AppId;
  /** How many calls of the app may run at once; asked when the app is first met. */
  readonly concurrency: () => Promise<number>;
  /** @param waitedMilliseconds how long the call waited for others; what was read before is as old. */
  readonly work: (waitedMilliseconds: number) => Promise<Worked>;
}

export type PlatformLimiter = ReturnType<typeof createPlatformLimiter>;

export function createPlatformLimiter(now: () => number) {
  const apps = new Map<AppId, AppState>();

  /** What the work came to; `circuit_open` when it was not begun. */
  return async ({ app, concurrency, work }: LimitedWork): Promise<Worked | 'circuit_open'> => {
    const state = apps.get(app) ?? remember(app, await concurrency());
    const asked = now();
    await enter(state);
    try {
      if (state.openUntil > now()) return 'circuit_open';
      const worked = await work(now() - asked);
      record(state, worked);
      return worked;
    } finally {
      leave(state);
    }
  };

  function remember(app: AppId, concurrency: number): AppState {
    // Another call may have asked at the same time.
    const known = apps.get(app);
    if (known) return known;
    if (apps.size >= mostApps) forgetIdle();
    const state = { concurrency, running: 0, waiting: [], failures: 0, openUntil: 0 };
    apps.set(app, state);
    return state;
  }

  function forgetIdle(): void {
    for (const [app, { running, waiting, failures }] of apps) {
      if (running === 0 && waiting.length === 0 && failures === 0) apps.delete(app);
    }
  }

  function record(state: AppState, worked: Worked): void {
    if (worked === 'refreshed' || worked === 'probed' || worked === 'disconnected') state.failures = 0;
    if (worked !== 'postponed') return;
    state.failures += 1;
    if (state.failures >= failuresInARow) state.openUntil = now() + openMilliseconds;
  }
}

/** A platform that has just been silent is asked by one call; the others wait for what comes of it. */
function hasRoom(state: AppState): boolean {
  return state.running < (state.failures >= failuresInARow ? 1 : state.concurrency);
}

async function enter(state: AppState): Promise<void> {
  if (hasRoom(state)) state.running += 1;
  else await new Promise<void>((resolve) => state.waiting.push(resolve));
}

/** A call that is let in takes its place at once, so that no other takes it first. */
function leave(state: AppState): void {
  state.running -= 1;
  while (hasRoom(state)) {
    const next = state.waiting.shift();
    if (!next) return;
    state.running += 1;
    next();
  }
}
