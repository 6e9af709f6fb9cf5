/** The delivery of an event to one destination: the request, the retries with backoff, and the end of the attempts. */
import { describe, expect } from 'vitest';
import { destinationSealContext } from '../../lib/deliveries/deliver-https.ts';
import { maxDeliveryAttempts, retryDelaySeconds } from '../../lib/deliveries/retry-schedule.ts';
import { newStandardWebhookSecret } from '../../lib/signatures/standard-webhooks.ts';
import { deleteTenantKeys } from '../../lib/vault/tenant-key-versions.ts';
import { eventOf, start } from '../support/deliveries/delivery-fixture.ts';
import { endpointOfTest, signerOf } from '../support/deliveries/endpoint.ts';
import { it } from '../support/fixtures/deliveries.ts';

const daySeconds = 86_400;
const day = daySeconds * 1000;

describe('a delivery to an endpoint', () => {
  it('posts the whole event as JSON, signed according to Standard Webhooks under the event id', async ({
    deliveries,
  }) => {
    const endpoint = await endpointOfTest();
    const tenantId = deliveries.newTenant();
    const { id, secret } = await deliveries.addEndpoint(tenantId, endpoint.url);
    const event = eventOf(tenantId);

    const { result, waits } = await deliveries.tryOnce(tenantId, id, event);

    expect({ result, waits }).toEqual({ result: 'done', waits: [] });
    const [arrived] = endpoint.arrived;
    if (!arrived) throw new Error('Nothing arrived.');
    expect(JSON.parse(arrived.body.toString('utf8'))).toEqual(JSON.parse(JSON.stringify(event)));
    expect(arrived.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': event.id,
      'webhook-timestamp': String(deliveries.clock.now / 1000),
      'user-agent': 'hawser',
    });
    expect(signerOf(arrived, [secret], deliveries.clock.now)).toBe('current');
    expect(signerOf(arrived, [newStandardWebhookSecret()], deliveries.clock.now)).toBe('mismatch');
  });

  it('keeps its id across attempts and signs each attempt with the current time', async ({ deliveries }) => {
    const endpoint = await endpointOfTest(500, 0, 204);
    const tenantId = deliveries.newTenant();
    const { id, secret } = await deliveries.addEndpoint(tenantId, endpoint.url);

    const { times, outcome } = await deliveries.tryForDays(tenantId, id, eventOf(tenantId));

    expect({ times, outcome }).toEqual({ times: [0, 5, 25], outcome: 'done' });
    const ids = endpoint.arrived.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids)).toEqual(new Set([eventOf(tenantId).id]));
    expect(endpoint.arrived.map(({ body }) => body.toString())).toEqual(
      Array.from({ length: 3 }, () => JSON.stringify(eventOf(tenantId))),
    );
    const stamps = endpoint.arrived.map(({ headers }) => Number(headers['webhook-timestamp']));
    expect(stamps.map((stamp) => stamp - (stamps[0] ?? 0))).toEqual([0, 5, 25]);
    const last = endpoint.arrived.at(-1);
    expect(last && signerOf(last, [secret], deliveries.clock.now)).toBe('current');
  });

  it('carries signatures under both secrets during a rotation and under the new secret alone afterwards', async ({
    deliveries,
  }) => {
    const endpoint = await endpointOfTest();
    const tenantId = deliveries.newTenant();
    const { id, secret: before } = await deliveries.addEndpoint(tenantId, endpoint.url);
    const after = newStandardWebhookSecret();
    const sealed = await deliveries.vault.encryptToken(after, destinationSealContext(tenantId, id));
    await deliveries.destinations.updateOne(tenantId, id, (one) =>
      one.kind === 'https'
        ? { ...one, secret: sealed, previous: { secret: one.secret, until: deliveries.clock.now + day } }
        : undefined,
    );

    await deliveries.tryOnce(tenantId, id, eventOf(tenantId));
    deliveries.clock.now += day;
    await deliveries.tryOnce(tenantId, id, eventOf(tenantId));

    const [during, later] = endpoint.arrived;
    if (!during || !later) throw new Error('Two were expected.');
    const at = deliveries.clock.now;
    expect(signerOf(during, [after], at - day)).toBe('current');
    expect(signerOf(during, [before], at - day)).toBe('current');
    expect(signerOf(later, [after], at)).toBe('current');
    expect(signerOf(later, [before], at)).toBe('mismatch');
  });

  it("row 8: is not signed when the stored secret was swapped for another destination's", async ({
    deliveries,
  }) => {
    const endpoint = await endpointOfTest();
    const tenantId = deliveries.newTenant();
    const theirs = await deliveries.addEndpoint(deliveries.newTenant(), 'https://theirs.example/hook');
    const { id } = await deliveries.addEndpoint(tenantId, endpoint.url, { secret: theirs.sealed });

    deliveries.told.length = 0;

    const { result } = await deliveries.tryOnce(tenantId, id, eventOf(tenantId));

    expect(result).toBe('waits');
    expect(String(deliveries.told)).toContain('does not open here');
    expect(endpoint.arrived).toEqual([]);
  });
});

describe('a delivery that fails', () => {
  it('is retried with backoff for about three days, then moves to the dead-letter queue with its history', async ({
    deliveries,
  }) => {
    const endpoint = await endpointOfTest(503);
    const tenantId = deliveries.newTenant();
    const { id } = await deliveries.addEndpoint(tenantId, endpoint.url);
    const sentAt = deliveries.clock.now;

    const { times, outcome, letter } = await deliveries.tryForDays(tenantId, id, eventOf(tenantId));

    expect(outcome).toBe('given up');
    expect(times.slice(0, 5)).toEqual([0, 5, 25, 105, 425]);
    expect((times.at(-1) ?? 0) / daySeconds).toBeGreaterThan(2.9);
    expect((times.at(-1) ?? 0) / daySeconds).toBeLessThan(3.2);
    expect(times.length).toBe(19);
    expect(letter).toEqual({
      kind: 'delivery',
      tenantId,
      destinationId: id,
      event: JSON.parse(JSON.stringify(eventOf(tenantId))),
      givenUp: { tries: 19, sentAt },
    });
    expect(endpoint.arrived.length).toBe(19);
    expect(new Set(endpoint.arrived.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(endpoint.arrived.map(({ body }) => body.toString())).size).toBe(1);
  });

  it('ends within a week, in delays that SQS supports, however long a Retry-After the endpoint sends', async ({
    deliveries,
  }) => {
    const endpoint = await endpointOfTest(503);
    const tenantId = deliveries.newTenant();
    const { id } = await deliveries.addEndpoint(tenantId, endpoint.url);
    deliveries.chance = 1;

    const { delays } = await deliveries.tryForDays(tenantId, id, eventOf(tenantId));
    deliveries.chance = 0.5;
    const pauses = Array.from({ length: maxDeliveryAttempts - 1 }, (_, index) =>
      retryDelaySeconds(index + 1, () => 1, 7 * daySeconds),
    );

    expect(Math.max(...delays)).toBe(900);
    expect(pauses.reduce((sum, pause) => sum + pause)).toBeLessThan(7 * daySeconds);
  });

  it('that is received early is delayed again without an attempt, for one call', async ({ deliveries }) => {
    const endpoint = await endpointOfTest(503);
    const tenantId = deliveries.newTenant();
    const { id } = await deliveries.addEndpoint(tenantId, endpoint.url);
    const event = eventOf(tenantId);
    const waiting = { tries: 7, dueAt: deliveries.clock.now + 2_000_000, sentAt: start, copies: 0 };
    deliveries.aws.resetCalls();

    const first = await deliveries.receive({ kind: 'delivery', tenantId, destinationId: id, event, waiting });
    deliveries.clock.now += 1_700_000;
    const second = await deliveries.receive({
      kind: 'delivery',
      tenantId,
      destinationId: id,
      event,
      waiting,
    });

    expect([first, second].map(({ sent }) => sent)).toEqual([
      [
        {
          body: { kind: 'delivery', tenantId, destinationId: id, event, waiting },
          group: tenantId,
          delaySeconds: 900,
        },
      ],
      [
        {
          body: { kind: 'delivery', tenantId, destinationId: id, event, waiting },
          group: tenantId,
          delaySeconds: 300,
        },
      ],
    ]);
    expect(deliveries.aws.calls().map(({ action, count }) => [action, count])).toEqual([
      ['sqs:SendMessage', 2],
    ]);
    expect(endpoint.arrived).toEqual([]);
  });

  it('keeps its message in the queue when SQS refuses the rescheduled copy', async ({ deliveries }) => {
    const endpoint = await endpointOfTest(503);
    const tenantId = deliveries.newTenant();
    const { id } = await deliveries.addEndpoint(tenantId, endpoint.url);
    deliveries.fault = ({ action }) =>
      action === 'sqs:SendMessage' ? { error: 'ServiceUnavailable', status: 503 } : undefined;

    const waiting = deliveries.tryOnce(tenantId, id, eventOf(tenantId));
    await expect(waiting).rejects.toMatchObject({ code: 'PROCESSING_FAILED' });
    await expect(
      deliveries.tryOnce(tenantId, id, eventOf(tenantId), maxDeliveryAttempts),
    ).rejects.toMatchObject({
      code: 'PROCESSING_FAILED',
    });
    deliveries.fault = undefined;
  });

  it.for([
    ['in seconds', '600', 600],
    ['as a date', new Date(start + 700_000).toUTCString(), 700],
    ['for less than the backoff', '1', 5],
    ['for longer than an hour, the maximum', '999999', 3_600],
    ['in words', 'tomorrow, s4ndb0x', 5],
  ] as const)(
    'is retried no sooner than the Retry-After of the endpoint says: %s',
    async ([, asked, seconds], { deliveries }) => {
      const endpoint = await endpointOfTest(503);
      endpoint.askFor(asked);
      const tenantId = deliveries.newTenant();
      const { id } = await deliveries.addEndpoint(tenantId, endpoint.url);
      deliveries.clock.now = start;

      const { result, waits } = await deliveries.tryOnce(tenantId, id, eventOf(tenantId));

      expect({ result, waits }).toEqual({ result: 'waits', waits: [seconds] });
      expect(JSON.stringify(await deliveries.destinations.get(tenantId, id))).not.toContain('s4ndb0x');
    },
  );

  it.for([
    ['a client error', 404, 'http_404', 'http_4xx'],
    ['a server error', 503, 'http_503', 'http_5xx'],
    ['a redirect, which is not followed', 302, 'http_302', 'http_3xx'],
    ['no answer', 0, 'no_answer', 'no_answer'],
  ] as const)(
    'records the time and the reason of the failure and nothing from the response: %s',
    async ([, status, code, reason], { deliveries }) => {
      const endpoint = await endpointOfTest(status);
      const tenantId = deliveries.newTenant();
      const { id } = await deliveries.addEndpoint(tenantId, endpoint.url);
      const began = deliveries.clock.now;
      deliveries.counted.length = 0;

      await deliveries.tryOnce(tenantId, id, eventOf(tenantId));
      deliveries.clock.now += 60_000;
      await deliveries.tryOnce(tenantId, id, eventOf(tenantId), 2);

      const found = await deliveries.destinations.get(tenantId, id);
      expect(found).toMatchObject({ status: 'active', failingSince: began, lastError: code });
      expect(JSON.stringify(found)).not.toContain('s4ndb0x answer');
      expect(deliveries.counted).toEqual(Array.from({ length: 2 }, () => ['delivery_failed', reason]));
      expect(endpoint.arrived.length).toBe(2);
    },
  );

  it('costs one read and one message while its state is unchanged, and a successful one costs only the read', async ({
    deliveries,
  }) => {
    const failing = await endpointOfTest(503);
    const well = await endpointOfTest();
    const tenantId = deliveries.newTenant();
    const { id } = await deliveries.addEndpoint(tenantId, failing.url);
    const { id: other } = await deliveries.addEndpoint(tenantId, well.url);
    await deliveries.tryOnce(tenantId, id, eventOf(tenantId));
    deliveries.aws.resetCalls();

    for (let tries = 2; tries < 5; tries += 1)
      await deliveries.tryOnce(tenantId, id, eventOf(tenantId), tries);
    await deliveries.tryOnce(tenantId, other, eventOf(tenantId));

    const calls = deliveries.aws.calls().map(({ action, count }) => `${action} ${count}`);
    expect(calls.toSorted()).toEqual(['dynamodb:GetItem 4', 'sqs:SendMessage 3']);
  });

  it('is cleared from the destination by the first success', async ({ deliveries }) => {
    const endpoint = await endpointOfTest(503, 204);
    const tenantId = deliveries.newTenant();
    const { id } = await deliveries.addEndpoint(tenantId, endpoint.url);

    await deliveries.tryOnce(tenantId, id, eventOf(tenantId));
    await deliveries.tryOnce(tenantId, id, eventOf(tenantId), 2);

    const found = await deliveries.destinations.get(tenantId, id);
    expect(found).not.toHaveProperty('failingSince');
    expect(found).not.toHaveProperty('lastError');
  });

  it('is retried when the table refuses to record it, and the destination stays unchanged', async ({
    deliveries,
  }) => {
    const endpoint = await endpointOfTest(503);
    const tenantId = deliveries.newTenant();
    const { id } = await deliveries.addEndpoint(tenantId, endpoint.url);
    deliveries.told.length = 0;
    deliveries.fault = ({ action }) =>
      action === 'dynamodb:UpdateItem' ? { error: 'InternalServerError', status: 500 } : undefined;

    const { result, waits } = await deliveries.tryOnce(tenantId, id, eventOf(tenantId));
    deliveries.fault = undefined;

    expect({ result, waits }).toEqual({ result: 'waits', waits: [5] });
    expect(deliveries.told).toMatchObject([{ code: 'DATABASE_ERROR' }]);
    expect(await deliveries.destinations.get(tenantId, id)).toMatchObject({ status: 'active' });
  });
});

describe('a successful delivery', () => {
  it('is repeated by the queue when the table refuses to record the success', async ({ deliveries }) => {
    const endpoint = await endpointOfTest(204);
    const tenantId = deliveries.newTenant();
    const { id } = await deliveries.addEndpoint(tenantId, endpoint.url, {
      failingSince: deliveries.clock.now,
    });
    deliveries.fault = ({ action }) =>
      action === 'dynamodb:UpdateItem' ? { error: 'InternalServerError', status: 500 } : undefined;

    await expect(deliveries.tryOnce(tenantId, id, eventOf(tenantId))).rejects.toThrow('database');
    deliveries.fault = undefined;

    expect(endpoint.arrived.length).toBe(1);
  });
});

describe('a delivery that Hawser cannot attempt', () => {
  it.for([
    ['the table', 'dynamodb:GetItem'],
    ['the vault', 'kms:Decrypt'],
  ] as const)(
    'waits as long as any other, so that an outage of %s does not use up its days',
    async ([, down], { deliveries }) => {
      const endpoint = await endpointOfTest();
      const tenantId = deliveries.newTenant();
      const { id } = await deliveries.addEndpoint(tenantId, endpoint.url);
      deliveries.clock.now += 300_001;
      deliveries.fault = ({ action }) =>
        action === down ? { error: 'InternalServerError', status: 500 } : undefined;

      deliveries.told.length = 0;
      const { waits } = await deliveries.tryOnce(tenantId, id, eventOf(tenantId), 8);
      deliveries.fault = undefined;

      expect(waits).toEqual([21_500]);
      expect(deliveries.told).toMatchObject([{ name: 'IntegrationError' }]);
      expect(endpoint.arrived).toEqual([]);
      expect(await deliveries.destinations.get(tenantId, id)).not.toHaveProperty('failingSince');
    },
  );
});

describe('a delivery whose message SQS redelivers after its worker crashed', () => {
  it('is rescheduled once more, as a copy marked as such', async ({ deliveries }) => {
    const endpoint = await endpointOfTest(503);
    const tenantId = deliveries.newTenant();
    const { id } = await deliveries.addEndpoint(tenantId, endpoint.url);
    const kind = 'delivery' as const;
    const delivery = { kind, tenantId, destinationId: id, event: eventOf(tenantId) };

    const [first, second, third] = [
      await deliveries.receive(delivery, 1),
      await deliveries.receive(delivery, 2),
      await deliveries.receive(delivery, 3),
    ];

    expect([first, second].map(({ sent }) => sent[0]?.body)).toMatchObject([
      { waiting: { tries: 1, copies: 0 } },
      { waiting: { tries: 1, copies: 1 } },
    ]);
    expect(third).toMatchObject({ result: 'again', sent: [] });
    // What has gone on may arrive all the same.
    expect(endpoint.arrived.length).toBe(3);
  });

  it('is not rescheduled when it is a marked copy, and moves to the dead-letter queue only once', async ({
    deliveries,
  }) => {
    const endpoint = await endpointOfTest(503);
    const tenantId = deliveries.newTenant();
    const { id } = await deliveries.addEndpoint(tenantId, endpoint.url);
    const waiting = { tries: maxDeliveryAttempts - 1, dueAt: deliveries.clock.now, sentAt: start, copies: 1 };
    const kind = 'delivery' as const;
    const copy = { kind, tenantId, destinationId: id, event: eventOf(tenantId), waiting };

    const early = { ...copy, waiting: { ...waiting, dueAt: deliveries.clock.now + 1 } };
    const results = [
      await deliveries.receive(early, 1),
      await deliveries.receive(early, 2),
      await deliveries.receive(copy, 1),
      await deliveries.receive(copy, 2),
    ].map(({ result }) => result);

    expect(results).toEqual(['waits', 'again', 'given up', 'again']);
  });
});

describe('Hawser sends nothing', () => {
  it('to a removed destination', async ({ deliveries }) => {
    const tenantId = deliveries.newTenant();

    const { result } = await deliveries.tryOnce(tenantId, 'dst_removed', eventOf(tenantId));

    expect(result).toBe('done');
  });

  it('for a deleted tenant, whose secrets became unreadable with its keys', async ({ deliveries }) => {
    const endpoint = await endpointOfTest();
    const tenantId = deliveries.newTenant();
    const { id } = await deliveries.addEndpoint(tenantId, endpoint.url);
    await deleteTenantKeys({ table: deliveries.table, now: deliveries.deps.now }, tenantId);
    deliveries.clock.now += 300_001;

    const { result } = await deliveries.tryOnce(tenantId, id, eventOf(tenantId));

    expect(result).toBe('done');
    expect(endpoint.arrived).toEqual([]);
  });

  it("row 10: to another tenant's destination, even if a message names it", async ({ deliveries }) => {
    const endpoint = await endpointOfTest();
    const theirs = deliveries.newTenant();
    const { id } = await deliveries.addEndpoint(theirs, endpoint.url);
    const tenantId = deliveries.newTenant();

    const { result } = await deliveries.tryOnce(tenantId, id, eventOf(tenantId));

    expect(result).toBe('done');
    expect(endpoint.arrived).toEqual([]);
  });
});

describe('an event bus', () => {
  it('receives the event as the detail of an entry with the event type and time', async ({ deliveries }) => {
    const tenantId = deliveries.newTenant();
    const id = await deliveries.addBus(tenantId, 'tenants');
    const event = eventOf(tenantId);

    const { result } = await deliveries.tryOnce(tenantId, id, event);

    expect(result).toBe('done');
    expect(deliveries.aws.busEntries().at(-1)).toMatchObject({
      bus: 'tenants',
      source: 'hawser',
      detailType: event.type,
      time: Date.parse(event.occurredAt),
      detail: JSON.parse(JSON.stringify(event)),
    });
  });

  it.for([
    ['refuses the event', { error: 'AccessDeniedException', status: 400 }, 'bus_AccessDeniedException'],
    ['does not answer', 'drop' as const, /^bus_\w+$/],
  ] as const)('that %s fails as any other destination does', async ([, fault, code], { deliveries }) => {
    const tenantId = deliveries.newTenant();
    const id = await deliveries.addBus(tenantId, 'tenants');
    deliveries.fault = ({ action }) => (action === 'events:PutEvents' ? fault : undefined);
    deliveries.counted.length = 0;

    const { result, waits } = await deliveries.tryOnce(tenantId, id, eventOf(tenantId));
    deliveries.fault = undefined;

    expect({ result, waits }).toEqual({ result: 'waits', waits: [5] });
    expect(deliveries.counted).toEqual([['delivery_failed', 'bus']]);
    const { lastError } = (await deliveries.destinations.get(tenantId, id)) ?? {};
    expect(lastError).toMatch(code);
  });

  it('that refuses an entry leaves its error code on the destination', async ({ deliveries }) => {
    const tenantId = deliveries.newTenant();
    const id = await deliveries.addBus(tenantId, 'tenants');
    const large = eventOf(tenantId, { data: { text: 'x'.repeat(256 * 1024) } });

    const { result } = await deliveries.tryOnce(tenantId, id, large);

    expect(result).toBe('waits');
    expect(await deliveries.destinations.get(tenantId, id)).toMatchObject({
      lastError: 'bus_InvalidArgument',
    });
  });
});

it('row 19: a delivery logs neither event content, nor secrets, nor response content', async ({
  deliveries,
}) => {
  const endpoint = await endpointOfTest(503, 410);
  const tenantId = deliveries.newTenant();
  const { id, secret } = await deliveries.addEndpoint(tenantId, endpoint.url);
  deliveries.logged.length = 0;

  await deliveries.tryOnce(tenantId, id, eventOf(tenantId));
  await deliveries.tryOnce(tenantId, id, eventOf(tenantId));

  const said = deliveries.logged.join('\n');
  expect(said).toContain('destination.disabled');
  expect(said).not.toMatch(/s4ndb0x|whsec_/);
  expect(said).not.toContain(secret.reveal());
  expect(said).not.toContain(endpoint.url);
});
