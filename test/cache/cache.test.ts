/** Values in memory: bounded by number and age, loaded once however many ask, by a clock that cannot be set back. */
import { describe, expect, it } from 'vitest';
import { type CacheOptions, createCache, steadyClock } from '../../lib/cache.ts';

type Loaded = { readonly key: string; readonly turn: number } | undefined;

/** A cache over a source that numbers its answers, with a clock in the test's hands. */
function cacheFixture(options: Partial<CacheOptions<string, Loaded>> = {}) {
  let time = 0;
  let outage: Error | undefined;
  const loads: string[] = [];
  const absent = new Set<string>();
  const cache = createCache<string, Loaded>({
    load: async (key) => {
      loads.push(key);
      if (outage) throw outage;
      return absent.has(key) ? undefined : { key, turn: loads.length };
    },
    monotonic: () => time,
    maxAge: 100,
    maxEntries: 3,
    ...options,
  });
  return {
    cache,
    loads,
    absent,
    pass: (milliseconds: number) => {
      time += milliseconds;
    },
    fail: (error: Error | undefined) => {
      outage = error;
    },
    /** The outcome of a read, value or error, as one value. */
    ask: (key: string, maxAge?: number) => cache.get(key, maxAge).catch((error: unknown) => String(error)),
  };
}

/** A load that ends when the test says so. */
function slowSource() {
  const pending: PromiseWithResolvers<string>[] = [];
  return {
    pending,
    load: () => {
      const one = Promise.withResolvers<string>();
      pending.push(one);
      return one.promise;
    },
  };
}

describe('a value in a cache', () => {
  it('is loaded once and served until it reaches its maximum age', async () => {
    const { ask, loads, pass } = cacheFixture();

    const first = await ask('a');
    pass(99);
    const second = await ask('a');
    pass(1);
    const third = await ask('a');

    expect([first, second, third]).toEqual([
      { key: 'a', turn: 1 },
      { key: 'a', turn: 1 },
      { key: 'a', turn: 2 },
    ]);
    expect(loads).toEqual(['a', 'a']);
  });

  it('is loaded once for all concurrent readers (single-flight)', async () => {
    const { cache, loads } = cacheFixture();

    const found = await Promise.all(Array.from({ length: 1_000 }, () => cache.get('a')));

    expect(new Set(found).size).toBe(1);
    expect(loads).toEqual(['a']);
  });

  it('is evicted first when it was used least recently', async () => {
    const { ask, loads } = cacheFixture();
    for (const key of ['a', 'b', 'c', 'a', 'd']) await ask(key);
    loads.length = 0;

    for (const key of ['a', 'c', 'd', 'b']) await ask(key);

    expect(loads).toEqual(['b']);
  });

  it('ages from the start of its load, so a slow load does not extend its life', async () => {
    const { pending, load } = slowSource();
    let time = 0;
    const cache = createCache({ load, monotonic: () => time, maxAge: 100, maxEntries: 1 });

    const asked = cache.get('a');
    time = 60;
    pending[0]?.resolve('first');
    await asked;
    time = 100;
    const again = cache.get('a');
    pending[1]?.resolve('second');

    expect([await asked, await again]).toEqual(['first', 'second']);
  });

  it('is not cached when its maximum age is zero', async () => {
    const { ask, cache, loads } = cacheFixture({ maxAge: 0 });

    await Promise.all([ask('a'), ask('a')]);
    await ask('a');

    expect(loads).toEqual(['a', 'a', 'a']);
    expect(cache.has('a')).toBe(false);
  });

  it('can be stored by the caller that created it', async () => {
    const { ask, cache, loads } = cacheFixture();

    cache.put('a', { key: 'a', turn: 0 });

    expect(await ask('a')).toEqual({ key: 'a', turn: 0 });
    expect([cache.has('a'), cache.has('b'), loads]).toEqual([true, false, []]);
  });
});

describe('an absent value in a cache', () => {
  it('is cached for a maximum age separate from that of values, or not at all', async () => {
    const remembering = cacheFixture({ maxAge: (value) => (value ? 100 : 10) });
    const forgetting = cacheFixture({ maxAge: (value) => (value ? 100 : 0) });

    for (const { ask, absent, pass } of [remembering, forgetting]) {
      absent.add('a');
      await ask('a');
      absent.delete('a');
      pass(9);
      await ask('a');
      pass(1);
      await ask('a');
    }

    expect([remembering.loads.length, forgetting.loads.length]).toEqual([2, 2]);
    expect(await forgetting.ask('a')).toEqual({ key: 'a', turn: 2 });
  });

  it('replaces a cached value that no longer exists', async () => {
    const { ask, absent, cache } = cacheFixture({ maxAge: (value) => (value ? 100 : 0) });
    await ask('a');
    absent.add('a');

    expect(await ask('a', 0)).toBeUndefined();
    expect(cache.has('a')).toBe(false);
  });
});

describe('a fresh read of a cache', () => {
  it('bypasses the cache and stores what it loaded for other readers', async () => {
    const { ask, loads } = cacheFixture();
    await ask('a');

    const fresh = await ask('a', 0);

    expect(await ask('a')).toBe(fresh);
    expect(loads).toHaveLength(2);
  });

  it('bypasses the cache at most once per interval that it names', async () => {
    const { ask, loads, pass } = cacheFixture({ maxAge: 1_000 });
    await ask('a');

    for (let turn = 0; turn < 60; turn += 1) {
      await ask('a', 30);
      pass(1);
    }

    expect(loads).toHaveLength(2);
  });

  it('does not join a load that started before it', async () => {
    const { pending, load } = slowSource();
    const cache = createCache({ load, monotonic: () => 0, maxAge: 100, maxEntries: 1 });

    const [usual, fresh] = [cache.get('a'), cache.get('a', 0)];
    pending[1]?.resolve('new');
    await fresh;
    pending[0]?.resolve('old');

    expect([await usual, await fresh]).toEqual(['old', 'new']);
  });

  it('is not overwritten by an older load that finishes after it', async () => {
    const { pending, load } = slowSource();
    let time = 0;
    const cache = createCache({ load, monotonic: () => time, maxAge: 100, maxEntries: 1 });

    const usual = cache.get('a');
    time = 1;
    const fresh = cache.get('a', 0);
    pending[1]?.resolve('new');
    await fresh;
    pending[0]?.resolve('old');
    await usual;

    expect(await cache.get('a')).toBe('new');
  });
});

describe('a failed load of a cache', () => {
  it('rejects every waiting reader, and the next reader loads again', async () => {
    const { ask, fail, loads } = cacheFixture();
    fail(new Error('away'));

    const failed = await Promise.all([ask('a'), ask('a')]);
    fail(undefined);

    expect(failed).toEqual(['Error: away', 'Error: away']);
    expect(await ask('a')).toEqual({ key: 'a', turn: 2 });
    expect(loads).toHaveLength(2);
  });

  it('rejects its readers even when the load throws synchronously', async () => {
    const { ask } = cacheFixture({
      load: () => {
        throw new Error('at once');
      },
    });

    expect(await ask('a')).toBe('Error: at once');
  });

  it('leaves the stale value to be served, up to a maximum age', async () => {
    const { ask, fail, pass } = cacheFixture({ staleIfError: 500 });
    await ask('a');
    fail(new Error('away'));

    pass(499);
    expect(await ask('a')).toEqual({ key: 'a', turn: 1 });
    expect(await ask('a', 0)).toEqual({ key: 'a', turn: 1 });
    pass(1);
    expect(await ask('a')).toBe('Error: away');
  });

  it('can delay the next load, and readers get the same outcome meanwhile', async () => {
    const { ask, fail, loads, pass } = cacheFixture({ retryAfter: 10 });
    fail(new Error('away'));
    await ask('a');
    fail(undefined);

    pass(9);
    expect(await ask('a')).toBe('Error: away');
    expect(loads).toHaveLength(1);
    pass(1);
    expect(await ask('a')).toEqual({ key: 'a', turn: 2 });
  });
});

describe('a steady clock', () => {
  it('advances by the largest step that any of its clocks reports', () => {
    let [wall, own] = [1_000, 0];
    const clock = steadyClock(
      () => wall,
      () => own,
    );

    own += 5;
    const bySecond = clock();
    wall += 7;
    const byFirst = clock();
    wall += 2;
    own += 3;

    expect([bySecond, byFirst, clock()]).toEqual([5, 12, 15]);
  });

  it('never runs backwards: setting wall time back ten minutes makes no value younger', async () => {
    let [wall, own] = [1_000_000, 0];
    const monotonic = steadyClock(
      () => wall,
      () => own,
    );
    const { ask, loads } = cacheFixture({ monotonic });
    await ask('a');

    wall -= 600_000;
    own += 99;
    await ask('a');
    expect(loads).toHaveLength(1);
    own += 1;
    await ask('a');
    expect(loads).toHaveLength(2);
  });
});
