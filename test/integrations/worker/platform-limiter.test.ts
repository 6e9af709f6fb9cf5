/** The bulkhead and the circuit breaker that one worker keeps for the platform of a provider app. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { AppId } from '../../../lib/ids.ts';
import {
  createPlatformLimiter,
  type PlatformLimiter,
} from '../../../lib/integrations/worker/platform-limiter.ts';
import type { Worked } from '../../../lib/integrations/worker/work-connection.ts';

const platform = 'tiktok' as AppId;
const usualConcurrency = 5;
const failuresThatClose = 5;

describe('the limiter of a provider app', () => {
  let clock: number;
  let limit: PlatformLimiter;
  /** Calls in progress, in order of their start; answering one ends it. */
  let begun: ((worked: Worked) => void)[];

  beforeEach(() => {
    clock = 0;
    begun = [];
    limit = createPlatformLimiter(() => clock);
  });

  it('allows as many concurrent calls as the definition declares and starts the next when one ends', async () => {
    const work = start(8);

    await settled();
    expect(begun.length).toBe(usualConcurrency);

    answer(0, 'refreshed');
    await settled();
    expect(begun.length).toBe(usualConcurrency + 1);
    await finish(work, 'refreshed');
  });

  it('opens the circuit for a moment after five consecutive failures', async () => {
    await finish(start(failuresThatClose), 'postponed');

    await finish(start(3), 'refreshed');
    expect(begun.length).toBe(failuresThatClose);

    clock += 20_000;
    await finish(start(1), 'refreshed');
    expect(begun.length).toBe(failuresThatClose + 1);
  });

  it('lets one trial call through and closes the circuit when it succeeds', async () => {
    await finish(start(failuresThatClose), 'postponed');
    clock += 20_000;

    const work = start(6);
    await settled();
    expect(begun.length).toBe(failuresThatClose + 1);

    answer(failuresThatClose, 'refreshed');
    await settled();
    expect(begun.length).toBe(failuresThatClose + 6);
    await finish(work, 'refreshed');
  });

  it('opens the circuit again when the trial call fails', async () => {
    await finish(start(failuresThatClose), 'postponed');
    clock += 20_000;

    const work = start(6);
    await settled();
    answer(failuresThatClose, 'postponed');
    await Promise.all(work);

    expect(begun.length).toBe(failuresThatClose + 1);
  });

  it('frees the slot of a call that throws', async () => {
    const broken = begin(platform, () => Promise.reject(new Error('broken')));

    await expect(broken).rejects.toThrow('broken');
    await finish(start(usualConcurrency), 'refreshed');
    expect(begun.length).toBe(usualConcurrency);
  });

  it('is independent of other apps, even of the same provider', async () => {
    await finish(start(failuresThatClose), 'postponed');

    await finish(start(1, 'another tenant’s app at the same provider' as AppId), 'refreshed');

    expect(begun.length).toBe(failuresThatClose + 1);
  });

  function start(count: number, app = platform): readonly Promise<unknown>[] {
    return Array.from({ length: count }, () =>
      begin(app, () => new Promise((resolve) => begun.push(resolve))),
    );
  }

  function begin(app: AppId, work: () => Promise<Worked>) {
    return limit({ app, concurrency: async () => usualConcurrency, work });
  }

  function answer(which: number, worked: Worked): void {
    begun[which]?.(worked);
  }

  async function finish(work: readonly Promise<unknown>[], worked: Worked): Promise<void> {
    const all = Promise.all(work);
    let done = false;
    void all.then(() => {
      done = true;
    });
    while (!done) {
      for (const each of begun) each(worked);
      await settled();
    }
  }
});

/** Waits for everything that does not depend on the clock. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
