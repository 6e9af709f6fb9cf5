/** Dead-lettered messages: filed for the tenant they concern, listed without platform content, and replayed. */
import { describe, expect } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { it } from '../support/fixtures/webhooks.ts';
import type { Success } from '../support/stack/api-client.ts';
import type { TestTenant } from '../support/stack/test-stack.ts';
import { comments, type OwnApp, usualSeconds, type WebhookFixture } from '../support/webhook-fixture.ts';

type Failure = Success<'getFailure'>['failure'];

let app: OwnApp;
let accountId: string;

it.beforeEach(async ({ webhooks }) => {
  app = await webhooks.newApp();
  ({ accountId } = await webhooks.connect(app, 'ada'));
});

/** An event addressed to the one connection of the app. */
const eventFor = (id: string, more: object = {}) => ({
  kind: 'webhook_event',
  appId: app.appId,
  provider: 'instagram',
  receivedAt: Date.now(),
  event: {
    id,
    type: 'comments',
    effect: 'none',
    accountId,
    data: { field: 'comments', value: { text: `s4ndb0x words of ${id}` } },
  },
  ...more,
});
const fileEvent = async (webhooks: WebhookFixture, id: string, more: object = {}) => {
  await webhooks.put('incoming', 'deadLetters', eventFor(id, more));
  return eventually(async () => (await listed(app.tenant)).find(({ eventId }) => eventId === id));
};
const listed = async ({ client }: TestTenant): Promise<readonly Failure[]> =>
  (await client.ok('listFailures')).failures;
const tellingsOf = (webhooks: WebhookFixture, id: string) =>
  webhooks.toldOf(app.tenant.id, 'comments').filter(({ data }) => JSON.stringify(data).includes(id));
const operatorsFailures = async (webhooks: WebhookFixture) =>
  (await webhooks.stack.tables.scan('activity')).filter((item) => item['pk']?.S === 'failures#operator');

describe('an event that failed', () => {
  it('is listed for the tenant who owns the app, without its content', async ({ webhooks }) => {
    const before = Date.now();

    const failure = await fileEvent(webhooks, 'e-1');

    expect(failure).toMatchObject({
      queue: 'incoming',
      type: 'comments',
      provider: 'instagram',
      accountId,
      error: 'PROCESSING_FAILED',
      status: 'failed',
      replayedAt: null,
      data: { field: '[masked]', value: '[masked]' },
    });
    expect(Date.parse(failure.sentAt)).toBeGreaterThanOrEqual(before - 1_000);
    const { client } = app.tenant;
    expect(await client.ok('getFailure', { params: { id: failure.id } })).toEqual({ failure });
    const seen = webhooks.stack.answers.map(([, { text }]) => text).join();
    expect(seen).not.toContain('words of e-1');
    expect(webhooks.stack.output.join()).not.toContain('words of e-1');
  });

  it('names the reason of its last failed attempt if the worker recorded it', async ({ webhooks }) => {
    const refused = webhooks.refuse('process-event', 'dynamodb:Query');
    await webhooks.put('incoming', 'queue', eventFor('e-why'));
    await eventually(async () => {
      const items = await webhooks.stack.tables.scan('activity');
      return items.some((item) => item['lastError'] !== undefined) || undefined;
    });

    const failure = await fileEvent(webhooks, 'e-why');

    refused.end();
    expect(failure.error).toBe('DATABASE_ERROR');
  });

  it('is processed when it is replayed and is marked as replayed', async ({ webhooks }) => {
    const { id } = await fileEvent(webhooks, 'e-2');

    const { failure } = await app.tenant.client.ok('replayFailure', { params: { id } });

    expect(failure).toMatchObject({ id, status: 'replayed', replayedAt: expect.any(String) });
    await eventually(() => tellingsOf(webhooks, 'e-2')[0]);
    expect(await listed(app.tenant)).toEqual([failure]);
  });

  it('has no second effect when it is replayed after it was processed', async ({ webhooks }) => {
    const { id } = await fileEvent(webhooks, 'e-3');
    const { client } = app.tenant;
    await client.ok('replayFailure', { params: { id } });
    await eventually(() => tellingsOf(webhooks, 'e-3')[0]);

    await client.ok('replayFailure', { params: { id } });
    await client.ok('replayFailure', { params: { id } });

    await webhooks.settle();
    expect(tellingsOf(webhooks, 'e-3').length).toBe(1);
  });

  it('that was addressed to one connection belongs to the tenant of that connection', async ({
    webhooks,
  }) => {
    const shared = eventFor('e-4', {
      appId: 'instagram',
      connection: { id: 'conn-of-e-4', tenantId: app.tenant.id, accountId },
    });
    await webhooks.put('incoming', 'deadLetters', shared);

    const failure = await eventually(async () => (await listed(app.tenant))[0]);

    expect(failure).toMatchObject({ eventId: 'e-4', accountId, connectionId: 'conn-of-e-4' });
  });

  it('is refused a replay and stays unchanged once no worker can parse its message', async ({ webhooks }) => {
    const { id } = await fileEvent(webhooks, 'e-unreadable');
    const { tables } = webhooks.stack;
    const stored = (await tables.scan('activity')).find(
      (item) => item['message']?.S?.includes('e-unreadable') && item['pk']?.S?.startsWith('failed-message#'),
    );
    if (!stored) throw new Error('The message was not filed.');
    await tables.change('activity', stored, { message: '{"kind":"s4ndb0x"}' });

    const refused = await app.tenant.client.fails('replayFailure', { params: { id } });

    expect(refused).toMatchObject({ code: 'INVALID_REQUEST', retryable: false });
    expect(JSON.stringify(refused)).not.toContain('s4ndb0x');
    expect(await app.tenant.client.ok('getFailure', { params: { id } })).toMatchObject({
      failure: { id, status: 'failed', replayedAt: null },
    });
  });

  it('row 10: cannot be listed, read or replayed by another tenant', async ({ webhooks }) => {
    const { id } = await fileEvent(webhooks, 'e-5');
    const { client } = await webhooks.stack.newTenant();

    expect(await client.ok('listFailures')).toEqual({ failures: [], nextCursor: null });
    expect((await client.fails('getFailure', { params: { id } })).code).toBe('NOT_FOUND');
    expect((await client.fails('replayFailure', { params: { id } })).code).toBe('NOT_FOUND');
    await webhooks.settle();
    expect(tellingsOf(webhooks, 'e-5')).toEqual([]);
  });

  it('row 10: cannot be read by a browser token', async ({ webhooks }) => {
    const { id } = await fileEvent(webhooks, 'e-6');
    const { client } = await app.tenant.session('ada');

    for (const name of ['listFailures', 'getFailure', 'replayFailure', 'countFailures'] as const) {
      expect((await client.fails(name, { params: { id } })).code).toBe('UNAUTHORIZED');
    }
  });
});

describe('a list of failures', () => {
  it('returns each failure once, newest first, in pages', async ({ webhooks }) => {
    for (const id of ['p-1', 'p-2', 'p-3', 'p-4', 'p-5']) await fileEvent(webhooks, id);
    const { client } = app.tenant;

    const pages: (readonly (string | null)[])[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: Record<string, string> = { limit: '2', ...(cursor !== '' && { cursor }) };
      const page: Success<'listFailures'> = await client.ok('listFailures', { query });
      pages.push(page.failures.map(({ eventId }) => eventId));
      cursor = page.nextCursor;
    }

    expect(pages.flat()).toEqual(['p-5', 'p-4', 'p-3', 'p-2', 'p-1']);
    expect(pages[0]).toEqual(['p-5', 'p-4']);
  });

  it('is summarised for each queue with the number and the oldest time of failures not replayed', async ({
    webhooks,
  }) => {
    const first = await fileEvent(webhooks, 'q-1');
    const second = await fileEvent(webhooks, 'q-2');
    const { client } = app.tenant;

    expect(await client.ok('countFailures')).toEqual({
      queues: [
        { name: 'incoming', failed: 2, oldestSentAt: first.sentAt },
        { name: 'events', failed: 0, oldestSentAt: null },
        { name: 'deliveries', failed: 0, oldestSentAt: null },
      ],
      complete: true,
    });
    await client.ok('replayFailure', { params: { id: first.id } });
    expect((await client.ok('countFailures')).queues[0]).toEqual({
      name: 'incoming',
      failed: 1,
      oldestSentAt: second.sentAt,
    });
  });
});

describe('an abandoned delivery', () => {
  it('is listed with its destination and is delivered when it is replayed', async ({ webhooks }) => {
    const event = {
      id: 'evt_gone',
      type: 'comments',
      tenantId: app.tenant.id,
      connectionId: 'con_1',
      provider: 'instagram',
      accountId,
      occurredAt: new Date().toISOString(),
      data: { text: 's4ndb0x words of a delivery' },
    };
    await webhooks.put('deliveries', 'deadLetters', {
      kind: 'delivery',
      destinationId: 'dst_1',
      tenantId: app.tenant.id,
      event,
    });

    const failure = await eventually(async () => (await listed(app.tenant))[0]);

    expect(failure).toMatchObject({
      queue: 'deliveries',
      destinationId: 'dst_1',
      connectionId: 'con_1',
      eventId: 'evt_gone',
      error: 'undelivered',
      data: { text: '[masked]' },
    });
    webhooks.stack.local.aws.resetCalls();
    await app.tenant.client.ok('replayFailure', { params: { id: failure.id } });
    await eventually(() =>
      webhooks.stack.local.aws.calls().find(({ principal }) => principal === 'LOCAL-deliver'),
    );
  });
});

describe('a delivery that SQS dead-lettered after its workers crashed', () => {
  it('is listed with its earlier attempts and its first send time', async ({ webhooks }) => {
    const sentAt = Date.now() - 86_400_000;
    const event = { id: 'evt_died', type: 'a', tenantId: app.tenant.id, occurredAt: '2026-01-01', data: {} };
    const waiting = { tries: 4, dueAt: sentAt + 1_000, sentAt, copies: 1 };

    await webhooks.put('deliveries', 'deadLetters', {
      kind: 'delivery',
      destinationId: 'dst_1',
      tenantId: app.tenant.id,
      event,
      waiting,
    });

    const failure = await eventually(async () => (await listed(app.tenant))[0]);
    expect(failure).toMatchObject({ tries: 4, sentAt: new Date(sentAt).toISOString() });
  });
});

describe('a message that no worker can parse', () => {
  it('moves to the dead-letter queue after its receives and is filed for the operator as unreadable', async ({
    webhooks,
  }) => {
    const before = (await operatorsFailures(webhooks)).length;
    await webhooks.showAgainAfter('incoming', 0);
    await webhooks.put('incoming', 'queue', { hello: 's4ndb0x world' });
    await webhooks.put('incoming', 'queue', 's4ndb0x, and no JSON at all');

    const filed = await eventually(async () => {
      const all = await operatorsFailures(webhooks);
      return all.length === before + 2 ? all : undefined;
    });

    await webhooks.showAgainAfter('incoming', usualSeconds);
    expect(filed.map((item) => [item['type']?.S, item['error']?.S, item['queue']?.S])).toEqual(
      filed.map(() => ['unreadable', 'unreadable', 'incoming']),
    );
    expect(await listed(app.tenant)).toEqual([]);
  });

  it('does not delay the other events of its batch', async ({ webhooks }) => {
    await webhooks.put('incoming', 'queue', { hello: 'world' });

    await webhooks.deliver(app, comments(accountId, ['c-beside']));

    await eventually(() => webhooks.toldOf(app.tenant.id, 'comments')[0]);
  });
});
