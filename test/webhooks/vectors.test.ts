/**
 * Sends every published and computed signature vector through the real route: over HTTP, through the gateway's event in
 * both of its body encodings, into the product's adapter, at the time at which the vector was signed.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clockOf, type SchemeVector, vectors } from '../support/signatures/requests.ts';
import type { RawAnswer } from '../support/stack/http-exchange.ts';
import { openWebhookRoute, type Platform, type Route } from './webhook-route.ts';

let route: Route;

beforeAll(async () => {
  route = await openWebhookRoute();
});
afterAll(() => route.close());

/** Sends a vector to a platform of its scheme, whose deliveries contain one event each. */
function deliver(
  vector: SchemeVector,
  type: string | undefined,
  { headers = vector.headers, body = Buffer.from(vector.body, 'utf8') as Uint8Array } = {},
): Promise<RawAnswer> {
  const platform: Platform = {
    webhook: {
      scheme: vector.scheme,
      signedWith: 'webhookSecret',
      read: () => [{ id: 'the-event', type: 'told', effect: 'none', data: {} }],
    },
    secrets: [vector.secret],
    now: clockOf(vector),
  };
  return route.send(platform, {
    headers: { ...(type !== undefined && { 'content-type': type }), ...headers },
    body,
  });
}

describe.each(vectors)('the signature vector $name', (vector) => {
  it.each([
    ['as text', 'application/json; charset=utf-8', false],
    ['as base64, because it is not text', 'application/octet-stream', true],
    ['as base64, because it is a form', 'application/x-www-form-urlencoded', true],
    ['as base64, because nobody says what it is', undefined, true],
  ])('row 14: is accepted when the gateway passes its body on %s', async (_how, type, isBase64Encoded) => {
    const { status } = await deliver(vector, type);

    expect(status).toBe(200);
    expect(route.encodings).toEqual([isBase64Encoded]);
    expect(route.sent.map(({ body }) => body)).toMatchObject([{ event: { id: 'the-event' } }]);
  });

  it('row 14: is refused when any single byte of the body changes, in either encoding', async () => {
    const body = Buffer.from(vector.body, 'utf8');
    const places = [0, Math.floor(body.length / 2), body.length - 1];

    for (const type of ['application/json', 'application/octet-stream']) {
      for (const place of places) {
        const altered = Uint8Array.from(body);
        altered[place] = (altered[place] ?? 0) ^ 1;
        const { status, text } = await deliver(vector, type, { body: altered });

        expect([status, JSON.parse(text)]).toMatchObject([401, { error: { code: 'INVALID_SIGNATURE' } }]);
      }
    }
    expect(route.sent).toEqual([]);
  });

  it('row 15: is refused when it is too old, if its scheme has a timestamp', async () => {
    if (vector.timestampSeconds === undefined) return;
    const tolerance = vector.scheme.timestamp?.toleranceSeconds ?? 0;
    const late = { ...vector, nowSeconds: vector.timestampSeconds + tolerance + 1 };

    const { status } = await deliver(late, 'application/json');

    expect(status).toBe(401);
  });
});

const rejects = vectors.flatMap((vector) => vector.rejects.map((reject) => ({ vector, ...reject })));

it.each(rejects)('row 14: the webhook route refuses $vector.name with $name', async ({ vector, headers }) => {
  const { status } = await deliver(vector, 'application/json', { headers });

  expect(status).toBe(401);
  expect(route.sent).toEqual([]);
});
