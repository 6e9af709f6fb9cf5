/** What failed for good: filed for whom it concerns, listed without the platform's words, sent again. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Success } from '../support/stack/api-client.ts';
import type { TestTenant } from '../support/stack/test-stack.ts';
import {
  comments,
  eventually,
  type OwnApp,
  openWebhookFixture,
  usualSeconds,
  type WebhookFixture,
} from '../support/webhook-fixture.ts';

type Failure = Success<'getFailure'>['failure'];

let fixture: WebhookFixture;
let app: OwnApp;
let accountId: string;

beforeAll(async () => {
  fixture = await openWebhookFixture();
});
beforeEach(async () => {
  app = await fixture.newApp();
  ({ accountId } = await fixture.connect(app, 'ada'));
});
afterAll(() => fixture.close());

/** An event on its way to the one connection of the app. */
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
const fileEvent = async (id: string, more: object = {}) => {
  await fixture.put('incoming', 'deadLetters', eventFor(id, more));
  return eventually(async () => (await listed(app.tenant)).find(({ eventId }) => eventId === id));
};
const listed = async ({ client }: TestTenant): Promise<readonly Failure[]> =>
  (await client.ok('listFailures')).failures;
const tellingsOf = (id: string) =>
  fixture.toldOf(app.tenant.id, 'comments').filter(({ data }) => JSON.stringify(data).includes(id));
const operatorsFailures = async () =>
  (await fixture.stack.tables.scan('activity')).filter((item) => item['pk']?.S === 'failures#operator');

describe('an event that failed', () => {
  it('is listed for the tenant whose app it was, without a word of what it said', async () => {
    const before = Date.now();

    const failure = await fileEvent('e-1');

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
    const seen = fixture.stack.answers.map(([, { text }]) => text).join();
    expect(seen).not.toContain('words of e-1');
    expect(fixture.stack.output.join()).not.toContain('words of e-1');
  });

  it('says why its last try failed, where the worker could say', async () => {
    const refused = fixture.refuse('process-event', 'dynamodb:Query');
    await fixture.put('incoming', 'queue', eventFor('e-why'));
    await eventually(async () => {
      const items = await fixture.stack.tables.scan('activity');
      return items.some((item) => item['lastError'] !== undefined) || undefined;
    });

    const failure = await fileEvent('e-why');

    refused.end();
    expect(failure.error).toBe('DATABASE_ERROR');
  });

  it('is handled when it is sent again, and marked', async () => {
    const { id } = await fileEvent('e-2');

    const { failure } = await app.tenant.client.ok('replayFailure', { params: { id } });

    expect(failure).toMatchObject({ id, status: 'replayed', replayedAt: expect.any(String) });
    await eventually(() => tellingsOf('e-2')[0]);
    expect(await listed(app.tenant)).toEqual([failure]);
  });

  it('has no second effect when it is sent again after it was done', async () => {
    const { id } = await fileEvent('e-3');
    const { client } = app.tenant;
    await client.ok('replayFailure', { params: { id } });
    await eventually(() => tellingsOf('e-3')[0]);

    await client.ok('replayFailure', { params: { id } });
    await client.ok('replayFailure', { params: { id } });

    await fixture.settle();
    expect(tellingsOf('e-3').length).toBe(1);
  });

  it('that was on its way to one connection belongs to the tenant of that', async () => {
    const shared = eventFor('e-4', {
      appId: 'instagram',
      connection: { id: 'conn-of-e-4', tenantId: app.tenant.id, accountId },
    });
    await fixture.put('incoming', 'deadLetters', shared);

    const failure = await eventually(async () => (await listed(app.tenant))[0]);

    expect(failure).toMatchObject({ eventId: 'e-4', accountId, connectionId: 'conn-of-e-4' });
  });

  it('is refused a replay, and stays as it is, once no worker can read its message any more', async () => {
    const { id } = await fileEvent('e-unreadable');
    const { tables } = fixture.stack;
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

  it("row 10: is no other tenant's to list, to see or to send again", async () => {
    const { id } = await fileEvent('e-5');
    const { client } = await fixture.stack.newTenant();

    expect(await client.ok('listFailures')).toEqual({ failures: [], nextCursor: null });
    expect((await client.fails('getFailure', { params: { id } })).code).toBe('NOT_FOUND');
    expect((await client.fails('replayFailure', { params: { id } })).code).toBe('NOT_FOUND');
    await fixture.settle();
    expect(tellingsOf('e-5')).toEqual([]);
  });

  it('row 10: is not for the browser of a user', async () => {
    const { id } = await fileEvent('e-6');
    const { client } = await app.tenant.session('ada');

    for (const name of ['listFailures', 'getFailure', 'replayFailure', 'countFailures'] as const) {
      expect((await client.fails(name, { params: { id } })).code).toBe('UNAUTHORIZED');
    }
  });
});

describe('a list of failures', () => {
  it('comes in pages, the newest first, each once', async () => {
    for (const id of ['p-1', 'p-2', 'p-3', 'p-4', 'p-5']) await fileEvent(id);
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

  it('is summed up for each queue: what failed and was not sent again, and since when', async () => {
    const first = await fileEvent('q-1');
    const second = await fileEvent('q-2');
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

describe('a delivery that was given up', () => {
  it('is listed with its destination, and goes out again when it is sent again', async () => {
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
    await fixture.put('deliveries', 'deadLetters', {
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
    fixture.stack.local.aws.resetCalls();
    await app.tenant.client.ok('replayFailure', { params: { id: failure.id } });
    await eventually(() =>
      fixture.stack.local.aws.calls().find(({ principal }) => principal === 'LOCAL-deliver'),
    );
  });
});

describe('a delivery that SQS gave up, because whoever had it died each time', () => {
  it('is listed with the tries before and since when it was on its way', async () => {
    const sentAt = Date.now() - 86_400_000;
    const event = { id: 'evt_died', type: 'a', tenantId: app.tenant.id, occurredAt: '2026-01-01', data: {} };
    const waiting = { tries: 4, dueAt: sentAt + 1_000, sentAt, copies: 1 };

    await fixture.put('deliveries', 'deadLetters', {
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

describe('a message that nobody can read', () => {
  it('ends among the dead letters after its tries, and is filed for the operator as unreadable', async () => {
    const before = (await operatorsFailures()).length;
    await fixture.showAgainAfter('incoming', 0);
    await fixture.put('incoming', 'queue', { hello: 's4ndb0x world' });
    await fixture.put('incoming', 'queue', 's4ndb0x, and no JSON at all');

    const filed = await eventually(async () => {
      const all = await operatorsFailures();
      return all.length === before + 2 ? all : undefined;
    }, 18_000);

    await fixture.showAgainAfter('incoming', usualSeconds);
    expect(filed.map((item) => [item['type']?.S, item['error']?.S, item['queue']?.S])).toEqual(
      filed.map(() => ['unreadable', 'unreadable', 'incoming']),
    );
    expect(await listed(app.tenant)).toEqual([]);
  });

  it('does not hold up the events that come with it', async () => {
    await fixture.put('incoming', 'queue', { hello: 'world' });

    await fixture.deliver(app, comments(accountId, ['c-beside']));

    await eventually(() => fixture.toldOf(app.tenant.id, 'comments')[0]);
  });
});
