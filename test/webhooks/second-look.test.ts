/** What has waited reaches its connection, also when it began to wait only after the connection was told of. */
import { beforeEach, expect, it } from 'vitest';
import type { Message } from '../../lib/aws/queue.ts';
import { createConnectionStore } from '../../lib/connections/connection-store.ts';
import type { ContextId } from '../../lib/ids.ts';
import { incomingMessage, type WebhookEventMessage } from '../../lib/messages/incoming.ts';
import { parseMessage } from '../../lib/messages/parse-message.ts';
import { createReceiptStore } from '../../lib/webhooks/idempotency-store.ts';
import { type ProcessParts, reachWaiting } from '../../lib/webhooks/process-event.ts';
import { createSubjectStore } from '../../lib/webhooks/resource-order.ts';
import { createWaitingEvents } from '../../lib/webhooks/waiting-events.ts';
import { aConnection } from '../integration/stores/records.ts';
import { onEachEngine } from '../integration/table/engines.ts';

const noon = Date.UTC(2026, 10, 20, 12);
const connection = aConnection({ connectedAt: noon, flowBeganAt: noon - 60_000 });
const { tenantId, provider, accountId } = connection;
const early: WebhookEventMessage = {
  kind: 'webhook_event',
  appId: connection.appId,
  provider,
  receivedAt: noon - 1_000,
  event: { id: 'early', type: 'told', effect: 'news', accountId, data: {} },
};

onEachEngine((engine) => {
  let sent: Message[];
  let parts: ProcessParts;

  beforeEach(async () => {
    const table = await engine.newTable();
    const now = () => noon;
    sent = [];
    const queue = {
      send: async (message: Message) => void sent.push(message),
      sendAll: async (messages: readonly Message[]) => void sent.push(...messages),
    };
    parts = {
      connections: createConnectionStore(table),
      idempotency: createReceiptStore(table, now),
      waiting: createWaitingEvents(table, now),
      subjects: createSubjectStore(table, now),
      queue,
      events: queue,
      now,
      log: () => undefined,
      count: () => undefined,
    };
    await parts.connections.create(connection);
  });

  const second = () => sent.filter(({ body }) => JSON.stringify(body).includes('"again"'));

  it('looks again once, after a minute', async () => {
    await reachWaiting(parts, { kind: 'connected', tenantId, provider, accountId });

    expect(sent).toEqual([
      {
        body: { kind: 'connected', tenantId, provider, accountId, again: true },
        group: tenantId,
        delaySeconds: 60,
      },
    ]);
    const work = parseMessage(incomingMessage, JSON.parse(JSON.stringify(sent[0]?.body)));
    if (work.kind !== 'connected') throw new Error('This is no word of a connection.');
    await reachWaiting(parts, work);
    expect(second()).toHaveLength(1);
  });

  it('reaches an event that began to wait between the looks', async () => {
    await reachWaiting(parts, { kind: 'connected', tenantId, provider, accountId });
    await parts.waiting.keep(early);

    await reachWaiting(parts, { kind: 'connected', tenantId, provider, accountId, again: true });

    expect(sent.slice(1)).toEqual([
      { body: { ...early, connection: { id: connection.id, tenantId, accountId } }, group: tenantId },
    ]);
  });

  it('reaches no event of another app', async () => {
    await parts.waiting.keep({ ...early, appId: 'app_AAAAAAAAAAAAAAAAAAAAAA' as ContextId });

    await reachWaiting(parts, { kind: 'connected', tenantId, provider, accountId });

    expect(sent).toEqual(second());
  });

  it('looks at nothing for a connection that has gone', async () => {
    await parts.connections.remove(connection);

    await reachWaiting(parts, { kind: 'connected', tenantId, provider, accountId });

    expect(sent).toEqual([]);
  });
});
