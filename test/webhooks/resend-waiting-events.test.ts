/** Waiting events reach their connection, even if they began to wait after the connection was announced. */
import { beforeEach, expect, it } from 'vitest';
import type { Message } from '../../lib/aws/queue.ts';
import { createConnectionStore } from '../../lib/connections/connection-store.ts';
import type { AppId } from '../../lib/ids.ts';
import { incomingMessage, type WebhookEventMessage } from '../../lib/messages/incoming.ts';
import { parseMessage } from '../../lib/messages/parse-message.ts';
import { createIdempotencyStore } from '../../lib/webhooks/idempotency-store.ts';
import { type ProcessDeps, releaseWaitingEvents } from '../../lib/webhooks/process-event.ts';
import { createResourceWatermarks } from '../../lib/webhooks/resource-watermarks.ts';
import { createWaitingEvents } from '../../lib/webhooks/waiting-events.ts';
import { aConnection } from '../support/records.ts';
import { onEachEngine } from '../table/engines.ts';

const noon = Date.UTC(2026, 10, 20, 12);
const connection = aConnection({ connectedAt: noon, flowBeganAt: noon - 60_000 });
const { tenantId, provider, accountId } = connection;
const early: WebhookEventMessage = {
  kind: 'webhook_event',
  appId: connection.appId,
  provider,
  receivedAt: noon - 1_000,
  event: { id: 'early', type: 'told', effect: 'none', accountId, data: {} },
};

onEachEngine((engine) => {
  let sent: Message[];
  let deps: ProcessDeps;

  beforeEach(async () => {
    const table = await engine.newTable();
    const now = () => noon;
    sent = [];
    const queue = {
      send: async (message: Message) => void sent.push(message),
      sendAll: async (messages: readonly Message[]) => void sent.push(...messages),
    };
    deps = {
      connections: createConnectionStore(table),
      idempotency: createIdempotencyStore(table, now),
      waiting: createWaitingEvents(table, now),
      resourceWatermarks: createResourceWatermarks(table, now),
      queue,
      events: queue,
      now,
      log: () => undefined,
      count: () => undefined,
    };
    await deps.connections.create(connection);
  });

  const second = () => sent.filter(({ body }) => JSON.stringify(body).includes('"again"'));

  it('the resend of waiting events runs again once, after a minute', async () => {
    await releaseWaitingEvents(deps, { kind: 'connected', tenantId, provider, accountId });

    expect(sent).toEqual([
      {
        body: { kind: 'connected', tenantId, provider, accountId, again: true },
        group: tenantId,
        delaySeconds: 60,
      },
    ]);
    const work = parseMessage(incomingMessage, JSON.parse(JSON.stringify(sent[0]?.body)));
    if (work.kind !== 'connected') throw new Error('This is no word of a connection.');
    await releaseWaitingEvents(deps, work);
    expect(second()).toHaveLength(1);
  });

  it('the resend of waiting events finds an event that began to wait between its two runs', async () => {
    await releaseWaitingEvents(deps, { kind: 'connected', tenantId, provider, accountId });
    await deps.waiting.add(early);

    await releaseWaitingEvents(deps, { kind: 'connected', tenantId, provider, accountId, again: true });

    expect(sent.slice(1)).toEqual([
      { body: { ...early, connection: { id: connection.id, tenantId, accountId } }, group: tenantId },
    ]);
  });

  it('the resend of waiting events leaves the events of other apps alone', async () => {
    await deps.waiting.add({ ...early, appId: 'app_AAAAAAAAAAAAAAAAAAAAAA' as AppId });

    await releaseWaitingEvents(deps, { kind: 'connected', tenantId, provider, accountId });

    expect(sent).toEqual(second());
  });

  it('the resend of waiting events reads no events for a deleted connection', async () => {
    await deps.connections.remove(connection);

    await releaseWaitingEvents(deps, { kind: 'connected', tenantId, provider, accountId });

    expect(sent).toEqual([]);
  });
});
