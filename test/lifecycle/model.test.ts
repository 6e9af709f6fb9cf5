/** Random lives of connections against a simple model of what must hold, whoever dies and whatever the platform does. */
import * as fc from 'fast-check';
import { afterAll, beforeAll, it } from 'vitest';
import { lifecycleProperty } from './model/commands.ts';
import { openWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

it('holds in every random life of two connections what must hold', { timeout: 120_000 }, async () => {
  await fc.assert(lifecycleProperty(world, 14), { numRuns: 6, interruptAfterTimeLimit: 40_000 });
});
