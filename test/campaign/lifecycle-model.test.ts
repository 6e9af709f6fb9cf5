/** Many random lives of connections against the model of their invariants; each batch prints its seed. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { lifecycleProperty } from '../lifecycle/model/commands.ts';
import { it } from '../support/fixtures/lifecycle.ts';

const batches = 10;
const livesPerBatch = 40;

it('hundreds of long random lives of connections keep the invariants', { timeout: 3_600_000 }, async ({
  lifecycle,
}) => {
  for (let batch = 1; batch <= batches; batch += 1) {
    const details = await fc.check(lifecycleProperty(lifecycle, 30), { numRuns: livesPerBatch });
    console.log(`lives ${details.numRuns}  seed ${details.seed}  ${details.failed ? 'failed' : 'ok'}`);
    if (details.failed) console.log(details.errorInstance);
    expect(details.failed, fc.defaultReportMessage(details)).toBe(false);
  }
});
