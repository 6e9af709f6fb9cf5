/** Every event is applied once: workers claim it, release it on failure, and recognize a repeat. */
import { describe, expect, it } from 'vitest';
import type { Message } from '../../lib/aws/queue.ts';
import type { Connection } from '../../lib/connections/connection.ts';
import { createConnectionStore } from '../../lib/connections/connection-store.ts';
import { createFailureStore } from '../../lib/failures/failure-store.ts';
import type { AccountId, AppId, ProviderId, TenantId, UserId } from '../../lib/ids.ts';
import { eventMessage } from '../../lib/messages/events.ts';
import { type WebhookEventMessage, webhookEventMessage } from '../../lib/messages/incoming.ts';
import { parseMessage } from '../../lib/messages/parse-message.ts';
import { failureKey, idempotencyKey } from '../../lib/table/keys.ts';
import type { Table } from '../../lib/table/table.ts';
import { eventIdempotencyKey } from '../../lib/webhooks/event-idempotency-key.ts';
import { claimMilliseconds, createIdempotencyStore } from '../../lib/webhooks/idempotency-store.ts';
import { type ProcessDeps, processEvent, releaseWaitingEvents } from '../../lib/webhooks/process-event.ts';
import { createResourceWatermarks } from '../../lib/webhooks/resource-watermarks.ts';
import { createWaitingEvents } from '../../lib/webhooks/waiting-events.ts';
import { aConnection, testClock } from '../support/records.ts';
import { onEachEngine } from '../table/engines.ts';

const appId = 'instagram' as AppId;
const accountId = '17841405793187218' as AccountId;

function message(event: Partial<WebhookEventMessage['event']> = {}, receivedAt = 0): WebhookEventMessage {
  return {
    kind: 'webhook_event',
    appId,
    provider: 'instagram' as ProviderId,
    receivedAt,
    event: { id: 'e-1', type: 'comments', effect: 'none', accountId, data: {}, ...event },
  };
}

/** The tenant's event in a message of the queue `events`. */
function eventIn({ body }: Message) {
  return parseMessage(eventMessage, body).event;
}

/** A worker over a table, with queues that record their messages. */
function openWorker(table: Table) {
  const clock = testClock();
  const [queued, told]: [Message[], Message[]] = [[], []];
  const counted: string[] = [];
  const queueTo = (messages: Message[]) => ({
    send: async (one: Message) => void messages.push(one),
    sendAll: async (all: readonly Message[]) => void messages.push(...all),
  });
  const idempotency = createIdempotencyStore(table, clock.now);
  const deps: ProcessDeps = {
    connections: createConnectionStore(table),
    idempotency,
    waiting: createWaitingEvents(table, clock.now),
    resourceWatermarks: createResourceWatermarks(table, clock.now),
    queue: queueTo(queued),
    events: queueTo(told),
    now: clock.now,
    log: () => undefined,
    count: (name) => counted.push(name),
  };
  return { clock, queued, told, counted, idempotency, deps };
}

onEachEngine((engine) => {
  describe('a worker that receives a webhook event', () => {
    it('returns it to the queue while another worker holds its claim', async () => {
      const { idempotency, deps, queued } = openWorker(await engine.newTable());
      await idempotency.claim(appId, eventIdempotencyKey(message()));

      await expect(processEvent(deps, message())).rejects.toMatchObject({ code: 'PROCESSING_FAILED' });

      expect(queued).toEqual([]);
    });

    it('takes it over once the other worker’s claim has expired, and the other worker can no longer complete it', async () => {
      const { clock, idempotency, deps } = openWorker(await engine.newTable());
      const lost = await idempotency.claim(appId, eventIdempotencyKey(message()));
      if (lost.kind !== 'claimed') throw new Error('The event was to be free.');
      clock.advance(claimMilliseconds / 1_000);

      const taken = await idempotency.claim(appId, eventIdempotencyKey(message()));
      await idempotency.complete(lost.claim);

      expect(taken.kind).toBe('claimed');
      await expect(processEvent(deps, message())).rejects.toMatchObject({ code: 'PROCESSING_FAILED' });
    });

    it('counts an event that concerns no account, and completes it', async () => {
      const { deps, idempotency, queued, counted } = openWorker(await engine.newTable());
      const { accountId: _, ...nobodys } = message().event;

      await processEvent(deps, { ...message(), event: nobodys });

      expect({ queued, counted }).toEqual({ queued: [], counted: ['webhook_unroutable'] });
      expect((await idempotency.claim(appId, eventIdempotencyKey(message()))).kind).toBe('done');
    });

    it('acknowledges a completed event without further work', async () => {
      const { deps, told, counted } = openWorker(await engine.newTable());
      await deps.connections.create(aConnection({ appId, accountId, provider: message().provider }));
      await processEvent(deps, message());

      await processEvent(deps, message());

      expect(told.length).toBe(1);
      expect(counted).toEqual(['webhook_duplicate']);
    });

    it('remembers a completed event for longer than a failure of it can be sent again', async () => {
      const table = await engine.newTable();
      const { clock, deps } = openWorker(table);
      await processEvent(deps, message());
      clock.advance(3_600);

      const failures = createFailureStore(table, clock.now);
      const id = '001795176000000-11111111-2222-4333-8444-555555555555';
      const described = { queue: 'incoming', type: 'comments', error: 'DATABASE_ERROR' } as const;
      await failures.file({ id, ...described, fields: [], bytes: 2, tries: 5, sentAt: clock.now() }, '{}');

      const receipt = await table.get(idempotencyKey(appId, eventIdempotencyKey(message())));
      const failure = await table.get(failureKey(undefined, id));
      expect(Number(receipt?.['ttl'])).toBeGreaterThan(Number(failure?.['ttl']));
    });

    it('releases its claim on failure and records the reason, so that the next try can start at once', async () => {
      const { deps, idempotency, told } = openWorker(await engine.newTable());
      await deps.connections.create(aConnection({ appId, accountId, provider: message().provider }));
      const failing = {
        ...deps,
        events: { ...deps.events, send: () => Promise.reject(new Error('The queue is away.')) },
        queue: { ...deps.queue, sendAll: () => Promise.reject(new Error('This one is away, too.')) },
      };

      await expect(processEvent(failing, message())).rejects.toThrow('too');
      expect(await idempotency.lastError(appId, eventIdempotencyKey(message()))).toBe('INTERNAL_ERROR');
      await processEvent(deps, message());

      expect(told.length).toBe(1);
    });

    it('is the only one of ten simultaneous workers to apply it', async () => {
      const { deps, told } = openWorker(await engine.newTable());
      await deps.connections.create(aConnection({ appId, accountId, provider: message().provider }));

      const outcomes = await Promise.allSettled(
        Array.from({ length: 10 }, () => processEvent(deps, message())),
      );

      expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
      expect(told.length).toBe(1);
    });

    it('sends no further message for a single connection, and one per connection for several', async () => {
      const { deps, queued, told } = openWorker(await engine.newTable());
      const { provider } = message();
      await deps.connections.create(aConnection({ appId, accountId, provider }));
      await processEvent(deps, message({ id: 'e-one' }));
      const [alone, passedOn] = [told.length, queued.length];
      const tenantId = 'other' as TenantId;
      await deps.connections.create(aConnection({ appId, accountId, provider, tenantId }));

      await processEvent(deps, message({ id: 'e-two' }));

      expect([alone, passedOn]).toEqual([1, 0]);
      expect([told.length, queued.length]).toEqual([1, 2]);
    });

    it('sends a separate message for a single connection when it fails, so that the failure belongs to its tenant', async () => {
      const { deps, idempotency, queued } = openWorker(await engine.newTable());
      const connection = aConnection({ appId, accountId, provider: message().provider });
      await deps.connections.create(connection);
      const failing = {
        ...deps,
        events: { ...deps.events, send: () => Promise.reject(new Error('A bug of ours.')) },
      };

      await processEvent(failing, message());

      const { id, tenantId } = connection;
      expect(queued).toMatchObject([{ group: tenantId, body: { connection: { id, tenantId, accountId } } }]);
      expect((await idempotency.claim(appId, eventIdempotencyKey(message()))).kind).toBe('done');
    });

    it('publishes it once when its connection appears just as it begins to wait', async () => {
      const { deps, queued, told } = openWorker(await engine.newTable());
      const connection = aConnection({ appId, accountId, provider: message().provider });
      const { tenantId, provider } = connection;
      const waiting = {
        ...deps.waiting,
        add: async (event: WebhookEventMessage) => {
          await deps.waiting.add(event);
          await deps.connections.create(connection);
        },
      };

      await processEvent({ ...deps, waiting }, message({}, connection.connectedAt));
      await releaseWaitingEvents(deps, { kind: 'connected', tenantId, provider, accountId, again: true });
      for (const { body } of queued) await processEvent(deps, parseMessage(webhookEventMessage, body));

      expect(told.length).toBe(1);
    });

    it('keeps equal event ids of two apps or two connections apart', () => {
      const to = (id: string) =>
        ({ id, tenantId: 'acme', accountId }) as NonNullable<WebhookEventMessage['connection']>;

      const ids = [
        eventIdempotencyKey(message()),
        eventIdempotencyKey({ ...message(), connection: to('1') }),
        eventIdempotencyKey({ ...message(), connection: to('2') }),
        eventIdempotencyKey({ ...message(), appId: 'app_x' as AppId, connection: to('1') }),
      ];

      expect(new Set(ids).size).toBe(4);
    });
  });

  describe('the message of an event for one connection', () => {
    it('does not reach a newer connection of the same account by another user of the tenant', async () => {
      const { deps, told } = openWorker(await engine.newTable());
      const { provider } = message();
      const gone = aConnection({ appId, accountId, provider });
      const since = aConnection({ appId, accountId, provider, userId: 'user-2' as UserId });
      await deps.connections.create(since);
      const { tenantId } = gone;

      await processEvent(deps, { ...message(), connection: { id: gone.id, tenantId, accountId } });
      expect(told).toEqual([]);
      await processEvent(deps, { ...message(), connection: { id: since.id, tenantId, accountId } });

      expect(told.map(eventIn)).toMatchObject([{ connectionId: since.id, userId: 'user-2' }]);
    });
  });

  describe('a deauthorization event', () => {
    const deauthorized = ({ id, tenantId }: Connection, occurredAt: number): WebhookEventMessage => ({
      ...message({ id: `d-${occurredAt}`, effect: 'deauthorized', occurredAt }),
      connection: { id, tenantId, accountId },
    });

    it.each([
      [-60_000, 'active', true],
      [0, 'reconnect_required', false],
      [60_000, 'reconnect_required', false],
    ])('that occurred %i ms after the grant leaves the connection %s', async (after, status, superseded) => {
      const { clock, deps, told } = openWorker(await engine.newTable());
      const connection = aConnection({
        appId,
        accountId,
        provider: message().provider,
        grantedAt: clock.now(),
      });
      await deps.connections.create(connection);

      await processEvent(deps, deauthorized(connection, clock.now() + after));

      const found = await deps.connections.get(connection.tenantId, connection.provider, accountId);
      expect(found?.status).toBe(status);
      expect(told.map(eventIn)).toMatchObject([{ superseded }]);
    });

    it('changes no connection of another app with the same account and platform user', async () => {
      const { clock, deps, told } = openWorker(await engine.newTable());
      const connection = aConnection({
        appId: 'app_other' as AppId,
        accountId,
        provider: message().provider,
      });
      await deps.connections.create(connection);

      await processEvent(deps, deauthorized(connection, clock.now()));

      const found = await deps.connections.get(connection.tenantId, connection.provider, accountId);
      expect(found?.status).toBe('active');
      expect(told).toEqual([]);
    });
  });
});
