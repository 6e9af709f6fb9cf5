/** The largest accepted event fits every store and queue; a larger one is refused before the webhook is acknowledged. */
import { createHmac, randomBytes } from 'node:crypto';
import { type SendMessageBatchCommandInput, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { openQueue } from '../../lib/aws/queue.ts';
import { IntegrationError } from '../../lib/errors.ts';
import { createFailureStore } from '../../lib/failures/failure-store.ts';
import { fileFailure } from '../../lib/failures/file-failure.ts';
import { webhookEventMessage } from '../../lib/messages/incoming.ts';
import { parseMessage } from '../../lib/messages/parse-message.ts';
import { instagram } from '../../lib/platforms/instagram/definition.ts';
import { webhookOf } from '../../lib/providers/provider.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import { createDecoy } from '../../lib/webhooks/decoy-app.ts';
import { createIdempotencyStore } from '../../lib/webhooks/idempotency-store.ts';
import { receiveWebhook } from '../../lib/webhooks/receive-webhook.ts';
import { createWaitingEvents } from '../../lib/webhooks/waiting-events.ts';
import { providersOf } from '../support/providers.ts';
import { testClock } from '../support/records.ts';
import { onEachEngine } from '../table/engines.ts';

const secret = 's4ndb0x-secret-of-large-events';
const clock = testClock();
const decoy = createDecoy(providersOf());

/** Receives a delivery as the webhook function does. Returns the SQS messages or the error code. */
async function receive(body: string): Promise<readonly string[] | string> {
  const sent: string[] = [];
  const client = new SQSClient({ region: 'us-east-1' });
  client.middlewareStack.add(
    () => async (args) => {
      const { Entries = [] } = args.input as SendMessageBatchCommandInput;
      sent.push(...Entries.map(({ MessageBody = '' }) => MessageBody));
      return { response: {}, output: { $metadata: {}, Successful: [] } };
    },
    { step: 'initialize' },
  );
  const app = {
    provider: 'instagram',
    webhook: webhookOf(instagram, {}),
    settings: {},
    clientId: 'client',
    clientSecrets: [new Secret(secret)],
    webhookSecrets: [],
    verifyTokens: [],
  };
  const deps = {
    findApp: async () => app,
    fetch,
    decoy,
    queue: openQueue<unknown>(client, 'https://sqs.us-east-1.amazonaws.com/000000000000/incoming'),
    now: clock.now,
    count: () => undefined,
  };
  const mac = createHmac('sha256', secret).update(body).digest('hex');
  const headers = { 'x-hub-signature-256': `sha256=${mac}` };
  try {
    await receiveWebhook(deps, 'instagram', { method: 'POST', headers, body: Buffer.from(body) });
    return sent;
  } catch (error) {
    if (error instanceof IntegrationError) return error.code;
    throw error;
  }
}

const delivery = (values: readonly unknown[]) =>
  JSON.stringify({
    object: 'instagram',
    entry: [
      {
        id: '17841400000000001',
        time: 1_763_600_000,
        changes: values.map((value) => ({ field: 'mentions', value })),
      },
    ],
  });
const words = (bytes: number) => randomBytes(bytes / 2).toString('hex');

const changes = (value: string) => delivery([]).replace('[]', `[{"field":"x","value":${value}}]`);

/** Has its own id, so that the test need not compare the rest. */
const comment = (words: string) =>
  delivery([]).replace('[]', `[{"field":"comments","value":{"id":"1","text":${words}}}]`);

describe('a webhook delivery', () => {
  it('may be large if its single events are not', async () => {
    const sent = await receive(delivery(Array.from({ length: 20 }, () => words(30_000))));

    expect(sent).toHaveLength(20);
  });

  it.each([
    ['one of its events is too large to store', delivery([words(10), words(450_000)])],
    ['its numbers make it too large once they are written out', changes(`[${'9e15,'.repeat(40_000)}1]`)],
    ['it is deeper than can be compared', changes('['.repeat(5_000) + ']'.repeat(5_000))],
    ['it is deeper than can be written', comment('['.repeat(5_000) + ']'.repeat(5_000))],
    ['it is large, and deeper than can be written', comment('['.repeat(60_000) + ']'.repeat(60_000))],
  ])('is refused when %s', async (_what, body) => {
    expect(await receive(body)).toBe('PAYLOAD_TOO_LARGE');
  });
});

onEachEngine((engine) => {
  it('may contain an event of the maximum size, which can wait for a connection and be filed as a failure', async () => {
    const table = await engine.newTable();
    const [body = ''] = await receive(delivery([words(370_000)]));
    const message = parseMessage(webhookEventMessage, JSON.parse(body));
    const failures = createFailureStore(table, clock.now);

    await createWaitingEvents(table, clock.now).add(message);
    await fileFailure(
      {
        failures,
        idempotency: createIdempotencyStore(table, clock.now),
        tenantOf: async () => undefined,
        count: () => undefined,
      },
      {
        queue: 'incoming',
        messageId: '11111111-2222-4333-8444-555555555555',
        body,
        sentAt: clock.now(),
        receives: 6,
      },
    );

    expect((await failures.list(undefined, { limit: 10 })).failures).toHaveLength(1);
  });
});
