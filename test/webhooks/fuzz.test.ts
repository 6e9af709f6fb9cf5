/** Two thousand forged requests at the webhook route, and some hundred that are signed and make no sense. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestStack, type TestStack } from '../support/stack/test-stack.ts';
import type { KnownApp } from './forged-deliveries.ts';
import { fuzzForged, fuzzSigned, knownApps } from './fuzz.ts';

let stack: TestStack;
let apps: readonly KnownApp[];

beforeAll(async () => {
  stack = await openTestStack();
  apps = await knownApps(stack);
});
afterAll(() => stack.close());

it('refuses every forged request, and asks no database and no queue for it', {
  timeout: 90_000,
}, async () => {
  const { requests, wrong, failures, awsCalls } = await fuzzForged(stack, apps, 2_000);

  expect(wrong).toEqual([]);
  expect(failures).toEqual([]);
  expect(requests).toBe(2_000);
  // Secrets are kept in memory; unknown contexts are looked up a few times a second at most.
  expect(Object.keys(awsCalls)).toEqual(['secretsmanager:GetSecretValue']);
});

it('takes or refuses whatever a platform has signed, and fails at nothing', { timeout: 90_000 }, async () => {
  const { wrong, failures, byStatus } = await fuzzSigned(stack, apps, 500);

  expect(wrong).toEqual([]);
  expect(failures).toEqual([]);
  expect(byStatus['200']).toBeGreaterThan(50);
});
