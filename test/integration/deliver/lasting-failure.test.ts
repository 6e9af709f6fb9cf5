/** The end of a destination: after days without a success, or by its own word; told of, and open to a new beginning. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recovered } from '../../../lib/tenants/destination.ts';
import { type DeliveryHouse, eventOf, openDeliveryHouse } from './delivery-house.ts';
import { endpointOfTest } from './endpoint.ts';

const day = 86_400_000;
let house: DeliveryHouse;

beforeAll(async () => {
  house = await openDeliveryHouse();
});
afterAll(() => house.close());

describe('a destination that has failed for three days', () => {
  it('is disabled with notice to the others, counted once, and left alone from then on', async () => {
    const endpoint = await endpointOfTest(503);
    const tenantId = house.newTenant();
    const { id } = await house.addEndpoint(tenantId, endpoint.url);
    const failingSince = house.clock.now;
    await house.takeEvents();
    house.counted.length = 0;

    await house.tryOnce(tenantId, id, eventOf(tenantId));
    for (let half = 0; half < 5; half += 1) {
      house.clock.now += day / 2;
      await house.tryOnce(tenantId, id, eventOf(tenantId), 2);
    }
    house.clock.now += day / 2 - 1;
    await house.tryOnce(tenantId, id, eventOf(tenantId), 2);
    expect(await house.destinations.get(tenantId, id)).toMatchObject({ status: 'active' });
    house.clock.now += 1;
    const { result } = await house.tryOnce(tenantId, id, eventOf(tenantId), 3);

    expect(result).toBe('waits');
    const disabledAt = house.clock.now;
    expect(await house.destinations.get(tenantId, id)).toMatchObject({
      status: 'disabled',
      disabledReason: 'failing',
      disabledAt,
      failingSince,
      lastError: 'http_503',
    });
    expect(await house.takeEvents()).toEqual([
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
    expect(house.counted.filter(([name]) => name === 'destination_disabled')).toEqual([
      ['destination_disabled'],
    ]);
    const calls = endpoint.arrived.length;
    expect((await house.tryOnce(tenantId, id, eventOf(tenantId), 4)).result).toBe('given up');
    expect(endpoint.arrived.length).toBe(calls);
  });

  it('has failed all the time: what was given up on long ago does not count', async () => {
    const endpoint = await endpointOfTest(503);
    const tenantId = house.newTenant();
    const { id } = await house.addEndpoint(tenantId, endpoint.url);
    await house.tryOnce(tenantId, id, eventOf(tenantId), 19);
    house.clock.now += 20 * day;
    const failingSince = house.clock.now;

    const { result } = await house.tryOnce(tenantId, id, eventOf(tenantId, { id: 'evt_another' }));

    expect(result).toBe('waits');
    expect(await house.destinations.get(tenantId, id)).toMatchObject({ status: 'active', failingSince });
  });

  it('is counted once, however many find out at once', async () => {
    const endpoint = await endpointOfTest(503);
    const tenantId = house.newTenant();
    const failing = { failingSince: house.clock.now - 3 * day, lastError: 'http_503' };
    const { id } = await house.addEndpoint(tenantId, endpoint.url, failing);
    house.counted.length = 0;

    await Promise.all([1, 2, 3].map((tries) => house.tryOnce(tenantId, id, eventOf(tenantId), tries)));

    const disabled = house.counted.filter(([name]) => name === 'destination_disabled');
    expect(disabled.length).toBe(1);
  });

  it('has what comes for it filed at once, to be sent again once it is enabled', async () => {
    const endpoint = await endpointOfTest(204);
    const tenantId = house.newTenant();
    const { id } = await house.addEndpoint(tenantId, endpoint.url, {
      status: 'disabled',
      disabledReason: 'failing',
      disabledAt: house.clock.now,
      failingSince: house.clock.now - 3 * day,
    });
    const event = eventOf(tenantId);
    const { result, letter } = await house.tryOnce(tenantId, id, event, 8);
    if (!letter) throw new Error('It was not filed.');

    await house.destinations.updateOne(tenantId, id, recovered);
    endpoint.answerWith(503, 204);
    const { sent } = await house.receive(letter);
    const again = await house.tryForDays(tenantId, id, event);

    expect({ result, givenUp: letter.givenUp }).toMatchObject({ result: 'given up', givenUp: { tries: 7 } });
    // It begins anew.
    expect(sent[0]?.body).toMatchObject({ waiting: { tries: 1 } });
    expect(sent[0]?.body).not.toHaveProperty('givenUp');
    expect(again.outcome).toBe('done');
    expect(endpoint.arrived.map(({ headers }) => headers['webhook-id'])).toEqual([event.id, event.id]);
  });

  it('is told of under one id, also when the write after the notice fails', async () => {
    const endpoint = await endpointOfTest(503);
    const tenantId = house.newTenant();
    const failing = { failingSince: house.clock.now - 3 * day, lastError: 'http_503' };
    const { id } = await house.addEndpoint(tenantId, endpoint.url, failing);
    await house.takeEvents();
    house.fault = ({ action }) => (action === 'dynamodb:UpdateItem' ? 'drop' : undefined);
    expect((await house.tryOnce(tenantId, id, eventOf(tenantId))).result).toBe('waits');
    house.fault = undefined;

    await house.tryOnce(tenantId, id, eventOf(tenantId), 2);

    const notices = await house.takeEvents();
    expect(notices.length).toBe(2);
    expect(new Set(notices.map((notice) => JSON.stringify(notice))).size).toBe(1);
    expect(await house.destinations.get(tenantId, id)).toMatchObject({ status: 'disabled' });
  });

  it('is not disabled when something arrived between its failure and the verdict', async () => {
    const endpoint = await endpointOfTest(503);
    const tenantId = house.newTenant();
    const failing = { failingSince: house.clock.now - 3 * day, lastError: 'http_503' };
    const { id } = await house.addEndpoint(tenantId, endpoint.url, failing);
    house.fault = ({ action }) => {
      if (action !== 'sqs:SendMessage') return undefined;
      house.fault = undefined;
      void house.destinations.updateOne(tenantId, id, recovered);
      return { delayMs: 200 };
    };

    await house.tryOnce(tenantId, id, eventOf(tenantId));

    expect(await house.destinations.get(tenantId, id)).toMatchObject({ status: 'active' });
  });
});

describe('a destination that says it is gone', () => {
  it('is disabled at once with notice, and what is on its way to it is dropped', async () => {
    const endpoint = await endpointOfTest(410);
    const tenantId = house.newTenant();
    const { id } = await house.addEndpoint(tenantId, endpoint.url);
    await house.takeEvents();

    const first = await house.tryOnce(tenantId, id, eventOf(tenantId));
    const second = await house.tryOnce(tenantId, id, eventOf(tenantId));

    expect([first.result, second.result]).toEqual(['done', 'done']);
    expect(endpoint.arrived.length).toBe(1);
    expect(await house.destinations.get(tenantId, id)).toMatchObject({
      status: 'disabled',
      disabledReason: 'gone',
      lastError: 'http_410',
    });
    expect(await house.takeEvents()).toMatchObject([
      { type: 'destination.disabled', data: { reason: 'gone' } },
    ]);
  });
});
