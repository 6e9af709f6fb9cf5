/**
 * Least privilege: every right of every function behind the API is needed. Each is taken away once, and the run that
 * needs it is refused exactly that action; so no function has a right too many, and none has one too few.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callbackProbes } from './callback-permissions.ts';
import { flowProbes } from './flow-permissions.ts';
import { tokenProbes } from './token-permissions.ts';
import {
  allRights,
  nameOf,
  openRightsStack,
  type Probe,
  type Right,
  type RightsStack,
} from './withheld-permissions.ts';

const probes: Readonly<Record<string, Probe>> = { ...flowProbes, ...tokenProbes, ...callbackProbes };

/** Asked only for platforms that take credentials instead of a consent. */
const ofCredentials = ['connect dynamodb:UpdateItem connections', 'connect sqs:SendMessage events'];

let shared: RightsStack;

beforeAll(async () => {
  shared = await openRightsStack();
});
afterAll(() => shared.close());

/** Functions that have kept nothing in memory yet. */
async function runCold(right: Right, probe: Probe) {
  const cold = await openRightsStack();
  try {
    return await cold.run(right, probe);
  } finally {
    await cold.close();
  }
}

it('knows a run for every right that there is, and none for rights that there are not', () => {
  const rights = allRights().map(nameOf);

  expect([...Object.keys(probes), ...ofCredentials].sort()).toEqual([...rights].sort());
});

it.each(
  allRights()
    .map((right) => ({ name: nameOf(right), right, probe: probes[nameOf(right)] }))
    .filter((row): row is typeof row & { probe: Probe } => row.probe !== undefined),
)('is refused without $name', async ({ right, probe }) => {
  const { outcome, refused } = await (probe.coldStart ? runCold(right, probe) : shared.run(right, probe));

  expect(refused).toEqual([`${right.functionName} ${right.action}`]);
  expect(outcome).toBe(probe.outcome);
});
