/**
 * Least privilege: every function behind the API needs every permission it has. Each is withheld once, and the probe that
 * needs it is refused exactly that action; so no function has a permission too many, and none has one too few.
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

/** Used only for platforms that take credentials instead of a consent. */
const ofCredentials = ['connect dynamodb:UpdateItem connections', 'connect sqs:SendMessage events'];

let shared: RightsStack;

beforeAll(async () => {
  shared = await openRightsStack();
});
afterAll(() => shared.close());

/** Functions with cold caches. */
async function runCold(right: Right, probe: Probe) {
  const cold = await openRightsStack();
  try {
    return await cold.run(right, probe);
  } finally {
    await cold.close();
  }
}

it('has a probe for every permission that a function holds, and none for a permission that no function holds', () => {
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
