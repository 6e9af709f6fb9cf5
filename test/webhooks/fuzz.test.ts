/** Sends two thousand forged requests to the webhook route, and some hundred signed ones with random content. */
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

it('the webhook route refuses every forged request without a call to a database or a queue', {
  timeout: 90_000,
}, async () => {
  const { requests, wrong, failures, awsCalls } = await fuzzForged(stack, apps, 2_000);

  expect(wrong).toEqual([]);
  expect(failures).toEqual([]);
  expect(requests).toBe(2_000);
  // Secrets are cached; unknown apps are looked up at most a few times a second.
  expect(Object.keys(awsCalls)).toEqual(['secretsmanager:GetSecretValue']);
});

it('the webhook route accepts or refuses every signed request and fails on none', {
  timeout: 90_000,
}, async () => {
  const { wrong, failures, byStatus } = await fuzzSigned(stack, apps, 500);

  expect(wrong).toEqual([]);
  expect(failures).toEqual([]);
  expect(byStatus['200']).toBeGreaterThan(50);
});
