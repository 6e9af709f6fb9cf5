/** How hard one worker presses the platform of a provider app, well or silent. */
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

describe('the platform of a provider app', () => {
  let clock: number;
  let limit: PlatformLimiter;
  /** Work that has begun, in order; answering it ends it. */
  let begun: ((worked: Worked) => void)[];

  beforeEach(() => {
    clock = 0;
    begun = [];
    limit = createPlatformLimiter(() => clock);
  });

  it('is asked by so many at once as its definition allows, and by the next when one is done', async () => {
    const work = start(8);

    await settled();
    expect(begun.length).toBe(usualConcurrency);

    answer(0, 'refreshed');
    await settled();
    expect(begun.length).toBe(usualConcurrency + 1);
    await finish(work, 'refreshed');
  });

  it('is left alone for a moment after five failures in a row', async () => {
    await finish(start(failuresThatClose), 'postponed');

    await finish(start(3), 'refreshed');
    expect(begun.length).toBe(failuresThatClose);

    clock += 20_000;
    await finish(start(1), 'refreshed');
    expect(begun.length).toBe(failuresThatClose + 1);
  });

  it('is then asked by one, and by the others once that one was answered', async () => {
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

  it('is left alone again when that one was not answered', async () => {
    await finish(start(failuresThatClose), 'postponed');
    clock += 20_000;

    const work = start(6);
    await settled();
    answer(failuresThatClose, 'postponed');
    await Promise.all(work);

    expect(begun.length).toBe(failuresThatClose + 1);
  });

  it('keeps its place for the next when one breaks', async () => {
    const broken = begin(platform, () => Promise.reject(new Error('broken')));

    await expect(broken).rejects.toThrow('broken');
    await finish(start(usualConcurrency), 'refreshed');
    expect(begun.length).toBe(usualConcurrency);
  });

  it('does not suffer for another app, not even one of the same provider', async () => {
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

/** Lets everything happen that needs no clock. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
