/** Random lives of connections against a model of their invariants, with dying instances and a misbehaving platform. */
import * as fc from 'fast-check';
import { afterAll, beforeAll, it } from 'vitest';
import { type LifecycleFixture, openLifecycleFixture } from '../support/lifecycle/lifecycle-fixture.ts';
import { lifecycleProperty } from './model/commands.ts';

let fixture: LifecycleFixture;

beforeAll(async () => {
  fixture = await openLifecycleFixture();
});
afterAll(() => fixture.close());

it('every random life of two connections keeps the invariants', { timeout: 120_000 }, async () => {
  await fc.assert(lifecycleProperty(fixture, 14), { numRuns: 6, interruptAfterTimeLimit: 40_000 });
});
