/** The end of a destination: after days without a success, or by its own word; told of, and open to a new beginning. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recovered } from '../../lib/tenants/destination.ts';
import {
  type DeliveryFixture,
  eventOf,
  openDeliveryFixture,
} from '../support/deliveries/delivery-fixture.ts';
import { endpointOfTest } from '../support/deliveries/endpoint.ts';

const day = 86_400_000;
let fixture: DeliveryFixture;

beforeAll(async () => {
  fixture = await openDeliveryFixture();
});
afterAll(() => fixture.close());

describe('a destination that has failed for three days', () => {
  it('is disabled with notice to the others, counted once, and left alone from then on', async () => {
    const endpoint = await endpointOfTest(503);
    const tenantId = fixture.newTenant();
    const { id } = await fixture.addEndpoint(tenantId, endpoint.url);
    const failingSince = fixture.clock.now;
    await fixture.takeEvents();
    fixture.counted.length = 0;

    await fixture.tryOnce(tenantId, id, eventOf(tenantId));
    for (let half = 0; half < 5; half += 1) {
      fixture.clock.now += day / 2;
      await fixture.tryOnce(tenantId, id, eventOf(tenantId), 2);
    }
    fixture.clock.now += day / 2 - 1;
    await fixture.tryOnce(tenantId, id, eventOf(tenantId), 2);
    expect(await fixture.destinations.get(tenantId, id)).toMatchObject({ status: 'active' });
    fixture.clock.now += 1;
    const { result } = await fixture.tryOnce(tenantId, id, eventOf(tenantId), 3);

    expect(result).toBe('waits');
    const disabledAt = fixture.clock.now;
    expect(await fixture.destinations.get(tenantId, id)).toMatchObject({
      status: 'disabled',
      disabledReason: 'failing',
      disabledAt,
      failingSince,
      lastError: 'http_503',
    });
    expect(await fixture.takeEvents()).toEqual([
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
    expect(fixture.counted.filter(([name]) => name === 'destination_disabled')).toEqual([
      ['destination_disabled'],
    ]);
    const calls = endpoint.arrived.length;
    expect((await fixture.tryOnce(tenantId, id, eventOf(tenantId), 4)).result).toBe('given up');
    expect(endpoint.arrived.length).toBe(calls);
  });

  it('has failed all the time: what was given up on long ago does not count', async () => {
    const endpoint = await endpointOfTest(503);
    const tenantId = fixture.newTenant();
    const { id } = await fixture.addEndpoint(tenantId, endpoint.url);
    await fixture.tryOnce(tenantId, id, eventOf(tenantId), 19);
    fixture.clock.now += 20 * day;
    const failingSince = fixture.clock.now;

    const { result } = await fixture.tryOnce(tenantId, id, eventOf(tenantId, { id: 'evt_another' }));

    expect(result).toBe('waits');
    expect(await fixture.destinations.get(tenantId, id)).toMatchObject({ status: 'active', failingSince });
  });

  it('is counted once, however many find out at once', async () => {
    const endpoint = await endpointOfTest(503);
    const tenantId = fixture.newTenant();
    const failing = { failingSince: fixture.clock.now - 3 * day, lastError: 'http_503' };
    const { id } = await fixture.addEndpoint(tenantId, endpoint.url, failing);
    fixture.counted.length = 0;

    await Promise.all([1, 2, 3].map((tries) => fixture.tryOnce(tenantId, id, eventOf(tenantId), tries)));

    const disabled = fixture.counted.filter(([name]) => name === 'destination_disabled');
    expect(disabled.length).toBe(1);
  });

  it('has what comes for it filed at once, to be sent again once it is enabled', async () => {
    const endpoint = await endpointOfTest(204);
    const tenantId = fixture.newTenant();
    const { id } = await fixture.addEndpoint(tenantId, endpoint.url, {
      status: 'disabled',
      disabledReason: 'failing',
      disabledAt: fixture.clock.now,
      failingSince: fixture.clock.now - 3 * day,
    });
    const event = eventOf(tenantId);
    const { result, letter } = await fixture.tryOnce(tenantId, id, event, 8);
    if (!letter) throw new Error('It was not filed.');

    await fixture.destinations.updateOne(tenantId, id, recovered);
    endpoint.answerWith(503, 204);
    const { sent } = await fixture.receive(letter);
    const again = await fixture.tryForDays(tenantId, id, event);

    expect({ result, givenUp: letter.givenUp }).toMatchObject({ result: 'given up', givenUp: { tries: 7 } });
    // It begins anew.
    expect(sent[0]?.body).toMatchObject({ waiting: { tries: 1 } });
    expect(sent[0]?.body).not.toHaveProperty('givenUp');
    expect(again.outcome).toBe('done');
    expect(endpoint.arrived.map(({ headers }) => headers['webhook-id'])).toEqual([event.id, event.id]);
  });

  it('is told of under one id, also when the write after the notice fails', async () => {
    const endpoint = await endpointOfTest(503);
    const tenantId = fixture.newTenant();
    const failing = { failingSince: fixture.clock.now - 3 * day, lastError: 'http_503' };
    const { id } = await fixture.addEndpoint(tenantId, endpoint.url, failing);
    await fixture.takeEvents();
    fixture.fault = ({ action }) => (action === 'dynamodb:UpdateItem' ? 'drop' : undefined);
    expect((await fixture.tryOnce(tenantId, id, eventOf(tenantId))).result).toBe('waits');
    fixture.fault = undefined;

    await fixture.tryOnce(tenantId, id, eventOf(tenantId), 2);

    const notices = await fixture.takeEvents();
    expect(notices.length).toBe(2);
    expect(new Set(notices.map((notice) => JSON.stringify(notice))).size).toBe(1);
    expect(await fixture.destinations.get(tenantId, id)).toMatchObject({ status: 'disabled' });
  });

  it('is not disabled when something arrived between its failure and the verdict', async () => {
    const endpoint = await endpointOfTest(503);
    const tenantId = fixture.newTenant();
    const failing = { failingSince: fixture.clock.now - 3 * day, lastError: 'http_503' };
    const { id } = await fixture.addEndpoint(tenantId, endpoint.url, failing);
    fixture.fault = ({ action }) => {
      if (action !== 'sqs:SendMessage') return undefined;
      fixture.fault = undefined;
      void fixture.destinations.updateOne(tenantId, id, recovered);
      return { delayMs: 200 };
    };

    await fixture.tryOnce(tenantId, id, eventOf(tenantId));

    expect(await fixture.destinations.get(tenantId, id)).toMatchObject({ status: 'active' });
  });
});

describe('a destination that says it is gone', () => {
  it('is disabled at once with notice, and what is on its way to it is dropped', async () => {
    const endpoint = await endpointOfTest(410);
    const tenantId = fixture.newTenant();
    const { id } = await fixture.addEndpoint(tenantId, endpoint.url);
    await fixture.takeEvents();

    const first = await fixture.tryOnce(tenantId, id, eventOf(tenantId));
    const second = await fixture.tryOnce(tenantId, id, eventOf(tenantId));

    expect([first.result, second.result]).toEqual(['done', 'done']);
    expect(endpoint.arrived.length).toBe(1);
    expect(await fixture.destinations.get(tenantId, id)).toMatchObject({
      status: 'disabled',
      disabledReason: 'gone',
      lastError: 'http_410',
    });
    expect(await fixture.takeEvents()).toMatchObject([
      { type: 'destination.disabled', data: { reason: 'gone' } },
    ]);
  });
});
