/** Random lives of connections against a simple model of what must hold, whoever dies and whatever the platform does. */
import * as fc from 'fast-check';
import { afterAll, beforeAll, it } from 'vitest';
import { type LifecycleFixture, openLifecycleFixture } from '../support/lifecycle/lifecycle-fixture.ts';
import { lifecycleProperty } from './model/commands.ts';

let fixture: LifecycleFixture;

beforeAll(async () => {
  fixture = await openLifecycleFixture();
});
afterAll(() => fixture.close());

it('holds in every random life of two connections what must hold', { timeout: 120_000 }, async () => {
  await fc.assert(lifecycleProperty(fixture, 14), { numRuns: 6, interruptAfterTimeLimit: 40_000 });
});
