/** How a destination is disabled: after three days without a success or by a 410. Hawser notifies the tenant, who may enable it again. */
import { describe, expect } from 'vitest';
import { recovered } from '../../lib/tenants/destination.ts';
import { eventOf } from '../support/deliveries/delivery-fixture.ts';
import { endpointOfTest } from '../support/deliveries/endpoint.ts';
import { it } from '../support/fixtures/deliveries.ts';

const day = 86_400_000;

describe('a destination that has failed for three days', () => {
  it('is disabled once, the other destinations are notified, and it receives no further requests', async ({
    deliveries,
  }) => {
    const endpoint = await endpointOfTest(503);
    const tenantId = deliveries.newTenant();
    const { id } = await deliveries.addEndpoint(tenantId, endpoint.url);
    const failingSince = deliveries.clock.now;
    await deliveries.takeEvents();
    deliveries.counted.length = 0;

    await deliveries.tryOnce(tenantId, id, eventOf(tenantId));
    for (let half = 0; half < 5; half += 1) {
      deliveries.clock.now += day / 2;
      await deliveries.tryOnce(tenantId, id, eventOf(tenantId), 2);
    }
    deliveries.clock.now += day / 2 - 1;
    await deliveries.tryOnce(tenantId, id, eventOf(tenantId), 2);
    expect(await deliveries.destinations.get(tenantId, id)).toMatchObject({ status: 'active' });
    deliveries.clock.now += 1;
    const { result } = await deliveries.tryOnce(tenantId, id, eventOf(tenantId), 3);

    expect(result).toBe('waits');
    const disabledAt = deliveries.clock.now;
    expect(await deliveries.destinations.get(tenantId, id)).toMatchObject({
      status: 'disabled',
      disabledReason: 'failing',
      disabledAt,
      failingSince,
      lastError: 'http_503',
    });
    expect(await deliveries.takeEvents()).toEqual([
      {
        id: expect.stringMatching(/^evt_[\w-]{22}$/),
        type: 'destination.disabled',
        tenantId,
        occurredAt: new Date(disabledAt).toISOString(),
        data: {
          destinationId: id,
          kind: 'https',
          reason: 'failing',
          failingSince: new Date(failingSince).toISOString(),
          lastError: 'http_503',
        },
      },
    ]);
    expect(deliveries.counted.filter(([name]) => name === 'destination_disabled')).toEqual([
      ['destination_disabled'],
    ]);
    const calls = endpoint.arrived.length;
    expect((await deliveries.tryOnce(tenantId, id, eventOf(tenantId), 4)).result).toBe('given up');
    expect(endpoint.arrived.length).toBe(calls);
  });

  it('is disabled only if it failed continuously: older abandoned failures do not count', async ({
    deliveries,
  }) => {
    const endpoint = await endpointOfTest(503);
    const tenantId = deliveries.newTenant();
    const { id } = await deliveries.addEndpoint(tenantId, endpoint.url);
    await deliveries.tryOnce(tenantId, id, eventOf(tenantId), 19);
    deliveries.clock.now += 20 * day;
    const failingSince = deliveries.clock.now;

    const { result } = await deliveries.tryOnce(tenantId, id, eventOf(tenantId, { id: 'evt_another' }));

    expect(result).toBe('waits');
    expect(await deliveries.destinations.get(tenantId, id)).toMatchObject({ status: 'active', failingSince });
  });

  it('is counted as disabled once, even when several workers decide it concurrently', async ({
    deliveries,
  }) => {
    const endpoint = await endpointOfTest(503);
    const tenantId = deliveries.newTenant();
    const failing = { failingSince: deliveries.clock.now - 3 * day, lastError: 'http_503' };
    const { id } = await deliveries.addEndpoint(tenantId, endpoint.url, failing);
    deliveries.counted.length = 0;

    await Promise.all([1, 2, 3].map((tries) => deliveries.tryOnce(tenantId, id, eventOf(tenantId), tries)));

    const disabled = deliveries.counted.filter(([name]) => name === 'destination_disabled');
    expect(disabled.length).toBe(1);
  });

  it('has new events filed as failures at once, which can be replayed after it is enabled', async ({
    deliveries,
  }) => {
    const endpoint = await endpointOfTest(204);
    const tenantId = deliveries.newTenant();
    const { id } = await deliveries.addEndpoint(tenantId, endpoint.url, {
      status: 'disabled',
      disabledReason: 'failing',
      disabledAt: deliveries.clock.now,
      failingSince: deliveries.clock.now - 3 * day,
    });
    const event = eventOf(tenantId);
    const { result, letter } = await deliveries.tryOnce(tenantId, id, event, 8);
    if (!letter) throw new Error('It was not filed.');

    await deliveries.destinations.updateOne(tenantId, id, recovered);
    endpoint.answerWith(503, 204);
    const { sent } = await deliveries.receive(letter);
    const again = await deliveries.tryForDays(tenantId, id, event);

    expect({ result, givenUp: letter.givenUp }).toMatchObject({ result: 'given up', givenUp: { tries: 7 } });
    // The attempts start over.
    expect(sent[0]?.body).toMatchObject({ waiting: { tries: 1 } });
    expect(sent[0]?.body).not.toHaveProperty('givenUp');
    expect(again.outcome).toBe('done');
    expect(endpoint.arrived.map(({ headers }) => headers['webhook-id'])).toEqual([event.id, event.id]);
  });

  it('is announced under one event id, even when the write after the announcement fails', async ({
    deliveries,
  }) => {
    const endpoint = await endpointOfTest(503);
    const tenantId = deliveries.newTenant();
    const failing = { failingSince: deliveries.clock.now - 3 * day, lastError: 'http_503' };
    const { id } = await deliveries.addEndpoint(tenantId, endpoint.url, failing);
    await deliveries.takeEvents();
    deliveries.fault = ({ action }) => (action === 'dynamodb:UpdateItem' ? 'drop' : undefined);
    expect((await deliveries.tryOnce(tenantId, id, eventOf(tenantId))).result).toBe('waits');
    deliveries.fault = undefined;

    await deliveries.tryOnce(tenantId, id, eventOf(tenantId), 2);

    const notices = await deliveries.takeEvents();
    expect(notices.length).toBe(2);
    expect(new Set(notices.map((notice) => JSON.stringify(notice))).size).toBe(1);
    expect(await deliveries.destinations.get(tenantId, id)).toMatchObject({ status: 'disabled' });
  });

  it('is not disabled when a delivery succeeds between its last failure and the decision', async ({
    deliveries,
  }) => {
    const endpoint = await endpointOfTest(503);
    const tenantId = deliveries.newTenant();
    const failing = { failingSince: deliveries.clock.now - 3 * day, lastError: 'http_503' };
    const { id } = await deliveries.addEndpoint(tenantId, endpoint.url, failing);
    deliveries.fault = ({ action }) => {
      if (action !== 'sqs:SendMessage') return undefined;
      deliveries.fault = undefined;
      void deliveries.destinations.updateOne(tenantId, id, recovered);
      return { delayMs: 200 };
    };

    await deliveries.tryOnce(tenantId, id, eventOf(tenantId));

    expect(await deliveries.destinations.get(tenantId, id)).toMatchObject({ status: 'active' });
  });
});

describe('a destination that answers 410', () => {
  it('is disabled at once, the tenant is notified, and pending deliveries to it are dropped', async ({
    deliveries,
  }) => {
    const endpoint = await endpointOfTest(410);
    const tenantId = deliveries.newTenant();
    const { id } = await deliveries.addEndpoint(tenantId, endpoint.url);
    await deliveries.takeEvents();

    const first = await deliveries.tryOnce(tenantId, id, eventOf(tenantId));
    const second = await deliveries.tryOnce(tenantId, id, eventOf(tenantId));

    expect([first.result, second.result]).toEqual(['done', 'done']);
    expect(endpoint.arrived.length).toBe(1);
    expect(await deliveries.destinations.get(tenantId, id)).toMatchObject({
      status: 'disabled',
      disabledReason: 'gone',
      lastError: 'http_410',
    });
    expect(await deliveries.takeEvents()).toMatchObject([
      { type: 'destination.disabled', data: { reason: 'gone' } },
    ]);
  });
});
