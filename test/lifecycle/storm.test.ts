/** Refresh storms: despite killed instances and lost answers, one token call runs at a time and no recoverable connection is lost. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStorm, type Storm } from './storm/storm.ts';
import { calm, planOf } from './storm/storm-plan.ts';
import { describeVerdict } from './storm/verdict.ts';

describe('200 callers in four processes on one expired token', () => {
  let storm: Storm;

  beforeAll(async () => {
    storm = await openStorm(1);
  });
  afterAll(() => storm.close());

  it('share one token call and its token, and the grant survives', async () => {
    const verdict = await storm.run(calm);

    expect(verdict).toMatchObject({ calls: 1, kills: 0, served: 200, status: 'active', violations: [] });
  });
});

describe('a refresh storm with killed lease holders and lost answers', () => {
  let storm: Storm;

  beforeAll(async () => {
    storm = await openStorm(6);
  });
  afterAll(() => storm.close());

  it.each([1, 2])(
    'seed %i: at most one call per lease and one at a time, none lost that could be saved, none stuck',
    async (seed) => {
      const verdict = await storm.run(planOf(seed));

      expect(verdict.violations, describeVerdict(verdict)).toEqual([]);
    },
  );
});
