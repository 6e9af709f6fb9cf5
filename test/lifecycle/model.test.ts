/** Random lives of connections against a model of their invariants, with dying instances and a misbehaving platform. */
import * as fc from 'fast-check';
import { it } from '../support/fixtures/lifecycle.ts';
import { lifecycleProperty } from './model/commands.ts';

it('every random life of two connections keeps the invariants', async ({ lifecycle }) => {
  await fc.assert(lifecycleProperty(lifecycle, 14), { numRuns: 6, interruptAfterTimeLimit: 40_000 });
});
