import { expect } from 'vitest';
import { sharedTenantTest } from '../support/fixtures/stack.ts';
import type { KnownApp } from '../webhooks/forged-deliveries.ts';
import { fuzzForged, fuzzSigned, knownApps } from '../webhooks/fuzz.ts';

const forged = Number(process.env['CAMPAIGN_REQUESTS'] ?? 100_000);
const signed = forged / 5;
/** Enough to fill the caches and to let the engine compile the hot code. */
const warmUp = forged / 5;

let apps: readonly KnownApp[];

const it = sharedTenantTest();
it.beforeAll(async ({ stack }) => {
  apps = await knownApps(stack);
});

it(`the webhook route refuses ${forged} forged requests in bounded time and memory`, async ({ stack }) => {
  const before = await fuzzForged(stack, apps, warmUp);
  const residentBefore = process.memoryUsage.rss();
  const report = await fuzzForged(stack, apps, forged - warmUp);
  const grown = (process.memoryUsage.rss() - residentBefore) / 2 ** 20;

  console.log({ ...report, 'grown by MiB': Math.round(grown) });
  expect([...before.wrong, ...report.wrong]).toEqual([]);
  expect([...before.failures, ...report.failures]).toEqual([]);
  expect(Object.keys(report.awsCalls)).toEqual(['secretsmanager:GetSecretValue']);
  // Unknown contexts are looked up no faster than so many a second and instance; eight instances at most.
  expect(report.awsCalls['secretsmanager:GetSecretValue']).toBeLessThanOrEqual((report.seconds + 2) * 20 * 8);
  // A function's time-out. What one such request takes by itself stands in the bench.
  expect(report.slowestMilliseconds).toBeLessThan(10_000);
  expect(grown).toBeLessThan(200);
});

it(`the webhook route fails on none of ${signed} signed requests with random content`, async ({ stack }) => {
  const report = await fuzzSigned(stack, apps, signed);

  console.log(report);
  expect(report.wrong).toEqual([]);
  expect(report.failures).toEqual([]);
});
