/** Sends forged and malformed requests to the webhook route of the whole product and measures their cost. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import * as z from 'zod';
import { localQueueUrls } from '../../infra/local/stack/provision.ts';
import { openClients } from '../support/lifecycle/function-instance.ts';
import { exchange, type RawRequest } from '../support/stack/http-exchange.ts';
import type { TestStack } from '../support/stack/test-stack.ts';
import { bodyFor, forgedDelivery, type KnownApp, requestOf, signed } from './forged-deliveries.ts';

export interface FuzzReport {
  readonly requests: number;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Responses that no forger may get: a success or a server error. */
  readonly wrong: readonly string[];
  /** Functions that failed unexpectedly, and why. */
  readonly failures: readonly string[];
  /** Calls of the webhook function to AWS, by action. */
  readonly awsCalls: Readonly<Record<string, number>>;
  readonly slowestMilliseconds: number;
  readonly seconds: number;
}

/** Concurrent requests. */
const together = 25;

/** Two tenants' own apps, one at each kind of platform, whose secrets the test knows. */
export async function knownApps(stack: TestStack): Promise<readonly KnownApp[]> {
  const { id: tenantId } = await stack.newTenant();
  const register = async (provider: 'tiktok' | 'instagram', dialect: KnownApp['dialect']) => {
    const clientId = `own-${provider}`;
    const clientSecret = `s4ndb0x-${randomBytes(24).toString('hex')}`;
    const app = { provider, tenantId, clientId, clientSecret, settings: {} };
    const { appId } = await stack.local.operator.setApp(app);
    return { appId, clientId, clientSecret, dialect };
  };
  return [await register('tiktok', 'tiktok'), await register('instagram', 'meta')];
}

/** Requests that the addressed app did not sign. */
export function fuzzForged(
  stack: TestStack,
  apps: readonly KnownApp[],
  requests: number,
): Promise<FuzzReport> {
  const allowed = (status: number) => status >= 400 && status < 500;
  return fuzz(stack, forgedDelivery(apps, Date.now), requests, allowed);
}

/** Correctly signed requests with arbitrary content. */
export function fuzzSigned(
  stack: TestStack,
  apps: readonly KnownApp[],
  requests: number,
): Promise<FuzzReport> {
  const delivery = fc
    .constantFrom(...apps)
    .chain((app) =>
      fc
        .oneof({ weight: 4, arbitrary: bodyFor(app) }, { weight: 1, arbitrary: anyBytes })
        .map((body) => requestOf(signed(app, body, Date.now()))),
    );
  return fuzz(stack, delivery, requests, (status) => status === 200 || status === 401);
}

const anyBytes = fc.oneof(
  fc.json().map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
);

async function fuzz(
  stack: TestStack,
  request: fc.Arbitrary<RawRequest>,
  requests: number,
  allowed: (status: number) => boolean,
): Promise<FuzzReport> {
  const byStatus: Record<string, number> = {};
  const wrong: string[] = [];
  const failures: string[] = [];
  let slowestMilliseconds = 0;
  const began = performance.now();
  stack.local.aws.resetCalls();

  async function send(raw: RawRequest): Promise<void> {
    const sentAt = performance.now();
    const { status } = await exchange(stack.apiUrl, raw);
    slowestMilliseconds = Math.max(slowestMilliseconds, performance.now() - sentAt);
    byStatus[status] = (byStatus[status] ?? 0) + 1;
    if (allowed(status)) return;
    const { body, ...rest } = raw;
    wrong.push(JSON.stringify({ status, ...rest, body: body && Buffer.from(body).toString('base64') }));
  }

  /** Discards the functions' log lines, which would pile up. */
  function takeOutput(): void {
    for (const line of stack.output.splice(0)) {
      if (!line.includes('"event":"unexpected error"')) continue;
      const { errors } = unexpected.parse(JSON.parse(line.slice(line.indexOf('{'))));
      const { name, code } = errors[0] ?? {};
      // Another worker holds the claim of the same event, which is expected.
      if (code !== 'PROCESSING_FAILED') failures.push(`${line.split(' ', 1)[0]}: ${name} ${code}`);
    }
  }

  for (let sent = 0; sent < requests && wrong.length === 0; sent += together) {
    await Promise.all(fc.sample(request, together).map(send));
    takeOutput();
  }
  await drained(stack);
  takeOutput();
  return {
    requests: Object.values(byStatus).reduce((sum, count) => sum + count, 0),
    byStatus,
    wrong,
    failures,
    awsCalls: Object.fromEntries(
      stack.local.aws
        .calls()
        .filter(({ principal }) => principal === 'LOCAL-webhook')
        .map(({ action, count }) => [action, count]),
    ),
    slowestMilliseconds: Math.round(slowestMilliseconds),
    seconds: Math.round((performance.now() - began) / 1000),
  };
}

const unexpected = z.object({
  errors: z.array(z.object({ name: z.string(), code: z.optional(z.string()) })),
});

/** Waits until the workers have received every accepted event. */
async function drained({ local }: TestStack): Promise<void> {
  const { sqs: endpoint } = local.endpoints;
  const clients = openClients({ endpoint, region: local.aws.region, accountId: local.aws.accountId }, 3);
  const QueueUrl = localQueueUrls(endpoint).incoming.queue;
  try {
    for (;;) {
      const { Attributes = {} } = await clients.sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl,
          AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
        }),
      );
      // What waits and what a worker has in hand.
      if (Object.values(Attributes).every((count) => Number(count) === 0)) break;
      await sleep(200);
    }
  } finally {
    for (const client of Object.values(clients)) client.destroy();
  }
}
