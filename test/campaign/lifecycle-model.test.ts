/** Many random lives of connections against the model of their invariants; each batch prints its seed. */
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lifecycleProperty } from '../lifecycle/model/commands.ts';
import { type LifecycleFixture, openLifecycleFixture } from '../support/lifecycle/lifecycle-fixture.ts';

const batches = 10;
const livesPerBatch = 40;
let fixture: LifecycleFixture;

beforeAll(async () => {
  fixture = await openLifecycleFixture();
});
afterAll(() => fixture.close());

it('hundreds of long random lives of connections keep the invariants', { timeout: 3_600_000 }, async () => {
  for (let batch = 1; batch <= batches; batch += 1) {
    const details = await fc.check(lifecycleProperty(fixture, 30), { numRuns: livesPerBatch });
    console.log(`lives ${details.numRuns}  seed ${details.seed}  ${details.failed ? 'failed' : 'ok'}`);
    if (details.failed) console.log(details.errorInstance);
    expect(details.failed, fc.defaultReportMessage(details)).toBe(false);
  }
});
