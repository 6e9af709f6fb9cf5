import { expect } from 'vitest';
import { sharedTenantTest } from '../support/fixtures/stack.ts';
import type { KnownApp } from './forged-deliveries.ts';
import { fuzzForged, fuzzSigned, knownApps } from './fuzz.ts';

let apps: readonly KnownApp[];

const it = sharedTenantTest();
it.beforeAll(async ({ stack }) => {
  apps = await knownApps(stack);
});

it('the webhook route refuses every forged request without a call to a database or a queue', async ({
  stack,
}) => {
  const { requests, wrong, failures, awsCalls } = await fuzzForged(stack, apps, 2_000);

  expect(wrong).toEqual([]);
  expect(failures).toEqual([]);
  expect(requests).toBe(2_000);
  // Secrets are cached; unknown apps are looked up at most a few times a second.
  expect(Object.keys(awsCalls)).toEqual(['secretsmanager:GetSecretValue']);
});

it('the webhook route accepts or refuses every signed request and fails on none', async ({ stack }) => {
  const { wrong, failures, byStatus } = await fuzzSigned(stack, apps, 500);

  expect(wrong).toEqual([]);
  expect(failures).toEqual([]);
  expect(byStatus['200']).toBeGreaterThan(50);
});
