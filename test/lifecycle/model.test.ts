/** Random lives of connections against a simple model of what must hold, whoever dies and whatever the platform does. */
import * as fc from 'fast-check';
import { it } from '../support/fixtures/lifecycle.ts';
import { lifecycleProperty } from './model/commands.ts';

it('holds in every random life of two connections what must hold', async ({ lifecycle }) => {
  await fc.assert(lifecycleProperty(lifecycle, 14), { numRuns: 6, interruptAfterTimeLimit: 40_000 });
});
