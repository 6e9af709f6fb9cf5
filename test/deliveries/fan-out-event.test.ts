/** The fan-out: an event becomes one message for each destination, and a new connection receives its waiting events. */
import { describe, expect } from 'vitest';
import { createActiveDestinations } from '../../lib/deliveries/active-destinations.ts';
import { type FanOutDeps, fanOutEvent } from '../../lib/deliveries/fan-out-event.ts';
import type { TenantId } from '../../lib/ids.ts';
import { deliveryMessage } from '../../lib/messages/deliveries.ts';
import { type EventMessage, eventMessage } from '../../lib/messages/events.ts';
import { parseMessage } from '../../lib/messages/parse-message.ts';
import type { TenantEvent } from '../../lib/messages/tenant-event.ts';
import { eventOf } from '../support/deliveries/delivery-fixture.ts';
import { it } from '../support/fixtures/deliveries.ts';

const acme = 'acme' as TenantId;

let deps: FanOutDeps;

it.beforeAll(({ deliveries }) => {
  deps = {
    activeDestinations: createActiveDestinations(deliveries.destinations, () => deliveries.clock.now),
    deliveries: deliveries.queueOf('deliveries'),
    incoming: deliveries.queueOf('incoming'),
  };
});

/** The message of an event as the worker receives it from its queue. */
function messageOf(kind: EventMessage['kind'], event: TenantEvent): EventMessage {
  return parseMessage(eventMessage, JSON.parse(JSON.stringify({ kind, event })));
}
function platformEventOf(tenantId: TenantId, change: Partial<TenantEvent> = {}): EventMessage {
  return messageOf('platform_event', eventOf(tenantId, change));
}
const parseDelivery = (body: unknown) => parseMessage(deliveryMessage, body);

describe('an event', () => {
  it('becomes one message with the whole event and its id for each active destination of its tenant', async ({
    deliveries,
  }) => {
    const [tenantId, stranger] = [deliveries.newTenant(), deliveries.newTenant()];
    const { id: one } = await deliveries.addEndpoint(tenantId, 'https://one.example/hook');
    const two = await deliveries.addBus(tenantId, 'tenants');
    await deliveries.addEndpoint(tenantId, 'https://off.example/hook', { status: 'disabled' });
    await deliveries.addEndpoint(stranger, 'https://theirs.example/hook');
    const event = eventOf(tenantId);

    await fanOutEvent(deps, messageOf('platform_event', event));

    const messages = (await deliveries.take('deliveries')).map(parseDelivery);
    expect(messages.map(({ destinationId }) => destinationId).toSorted()).toEqual([one, two].toSorted());
    const whole = JSON.parse(JSON.stringify(event));
    for (const message of messages) expect(message).toMatchObject({ tenantId, event: whole });
  });

  it('that is published twice keeps the same id', async ({ deliveries }) => {
    const tenantId = deliveries.newTenant();
    await deliveries.addEndpoint(tenantId, 'https://one.example/hook');

    await fanOutEvent(deps, platformEventOf(tenantId));
    await fanOutEvent(deps, platformEventOf(tenantId));

    const ids = (await deliveries.take('deliveries')).map((body) => parseDelivery(body).event.id);
    expect(ids).toEqual([eventOf(tenantId).id, eventOf(tenantId).id]);
  });

  it('of a tenant without destinations costs one read a minute and no message', async ({ deliveries }) => {
    const tenantId = deliveries.newTenant();
    deliveries.aws.resetCalls();

    for (let times = 0; times < 5; times += 1) await fanOutEvent(deps, platformEventOf(tenantId));
    deliveries.clock.now += 60_000;
    await fanOutEvent(deps, platformEventOf(tenantId));

    expect(deliveries.aws.calls().map(({ action, count }) => [action, count])).toEqual([
      ['dynamodb:GetItem', 2],
    ]);
  });

  it('reaches a new destination within a minute', async ({ deliveries }) => {
    const tenantId = deliveries.newTenant();
    await fanOutEvent(deps, platformEventOf(tenantId));
    await deliveries.addEndpoint(tenantId, 'https://new.example/hook');

    await fanOutEvent(deps, platformEventOf(tenantId));
    expect(await deliveries.take('deliveries')).toEqual([]);
    deliveries.clock.now += 60_000;
    await fanOutEvent(deps, platformEventOf(tenantId));

    expect((await deliveries.take('deliveries')).length).toBe(1);
  });

  it('about a disabled destination reaches only the other destinations', async ({ deliveries }) => {
    const tenantId = deliveries.newTenant();
    const { id: failed } = await deliveries.addEndpoint(tenantId, 'https://one.example/hook');
    const { id: other } = await deliveries.addEndpoint(tenantId, 'https://two.example/hook');
    const notice = { type: 'destination.disabled', data: { destinationId: failed } };

    await fanOutEvent(
      deps,
      messageOf(
        'destination_event',
        eventOf(tenantId, {
          ...notice,
          data: { ...notice.data, kind: 'https', reason: 'failing' },
        }),
      ),
    );
    const told = (await deliveries.take('deliveries')).map((body) => parseDelivery(body).destinationId);
    // A platform chooses the type names of its events freely.
    await fanOutEvent(deps, platformEventOf(tenantId, notice));
    const ofPlatform = await deliveries.take('deliveries');
    await fanOutEvent(deps, platformEventOf(tenantId, { data: notice.data }));
    const ofAnotherType = await deliveries.take('deliveries');

    expect(told).toEqual([other]);
    expect([ofPlatform.length, ofAnotherType.length]).toEqual([2, 2]);
  });

  it('is retried when the queue refuses it', async ({ deliveries }) => {
    const tenantId = deliveries.newTenant();
    await deliveries.addEndpoint(tenantId, 'https://one.example/hook');
    deliveries.fault = ({ action }) => (action === 'sqs:SendMessageBatch' ? 'drop' : undefined);

    await expect(fanOutEvent(deps, platformEventOf(tenantId))).rejects.toThrow('queue');
    deliveries.fault = undefined;
  });

  it.each([
    ['without a tenant', { ...eventOf(acme), tenantId: undefined }],
    ['whose id contains a separator', { ...eventOf(acme), id: 'evt_1.2' }],
    ['that is no object', 'text'],
  ])('a message %s is rejected and moves to the dead-letter queue', (_, body) => {
    const refused = 'none of the shapes that its queue knows';
    expect(() => parseMessage(eventMessage, { kind: 'platform_event', event: body })).toThrow(refused);
    const delivery = { kind: 'delivery', destinationId: 'dst_1', tenantId: 'acme', event: body };
    expect(() => parseDelivery(delivery)).toThrow(refused);
  });
});

describe('a connection event', () => {
  it.for([
    ['connection.created', {}, true],
    ['connection.recovered', {}, true],
    ['connection.refreshed', { reconnected: true }, true],
    ['connection.refreshed', {}, false],
    ['connection.expiring', {}, false],
    ['connection.disconnected', {}, false],
  ] as const)(
    'triggers the resend of waiting events only after a connect or reconnect: %s %j',
    async ([type, data, reached], { deliveries }) => {
      const tenantId = deliveries.newTenant();

      await fanOutEvent(
        deps,
        messageOf('connection_event', { ...eventOf(tenantId), type, data: { status: 'active', ...data } }),
      );

      const connected = { kind: 'connected', tenantId, provider: 'tiktok', accountId: '42' };
      expect(await deliveries.take('incoming')).toEqual(reached ? [connected] : []);
    },
  );

  it('that a platform sent under the same type name triggers no resend', async ({ deliveries }) => {
    const tenantId = deliveries.newTenant();
    const received = { receivedAt: '2026-01-01T00:00:01.000Z', type: 'connection.created' };

    await fanOutEvent(deps, platformEventOf(tenantId, received));

    expect(await deliveries.take('incoming')).toEqual([]);
  });
});
