/** Two thousand forged requests at the webhook route, and some hundred that are signed and make no sense. */
import { expect } from 'vitest';
import { sharedTenantTest } from '../support/fixtures/stack.ts';
import type { KnownApp } from './forged-deliveries.ts';
import { fuzzForged, fuzzSigned, knownApps } from './fuzz.ts';

let apps: readonly KnownApp[];

const it = sharedTenantTest();
it.beforeAll(async ({ stack }) => {
  apps = await knownApps(stack);
});

it('refuses every forged request, and asks no database and no queue for it', async ({ stack }) => {
  const { requests, wrong, failures, awsCalls } = await fuzzForged(stack, apps, 2_000);

  expect(wrong).toEqual([]);
  expect(failures).toEqual([]);
  expect(requests).toBe(2_000);
  // Secrets are kept in memory; unknown contexts are looked up a few times a second at most.
  expect(Object.keys(awsCalls)).toEqual(['secretsmanager:GetSecretValue']);
});

it('takes or refuses whatever a platform has signed, and fails at nothing', async ({ stack }) => {
  const { wrong, failures, byStatus } = await fuzzSigned(stack, apps, 500);

  expect(wrong).toEqual([]);
  expect(failures).toEqual([]);
  expect(byStatus['200']).toBeGreaterThan(50);
});
