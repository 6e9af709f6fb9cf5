/**
 * Every published and computed vector of a signature through the real route: over HTTP, through the gateway's event in
 * both of its body encodings, into the product's adapter, at the time at which the vector was signed.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Gateway, startGateway } from '../../infra/local/gateway.ts';
import { cors, routes } from '../../infra/topology.ts';
import { contract } from '../../lib/api/contract.ts';
import { http } from '../../lib/api/http.ts';
import type { Message } from '../../lib/aws/queue.ts';
import { defineProvider } from '../../lib/providers/definition.ts';
import { createRegistry } from '../../lib/providers/registry.ts';
import { tiktok } from '../../lib/providers/tiktok.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import { receiveWebhook } from '../../lib/webhooks/receive-webhook.ts';
import { createStandIn } from '../../lib/webhooks/stand-in-app.ts';
import { exchange, type RawAnswer } from '../journey/http-exchange.ts';
import { context as lambdaContext } from '../unit/api/event.ts';
import { clockOf, type SchemeVector, vectors } from '../unit/signatures/requests.ts';

let current: SchemeVector;
let sent: Message[];
let encodings: boolean[];
let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway({
    routes: routes.filter(({ functionName }) => functionName === 'webhook'),
    cors,
    host: 'localhost',
    port: 0,
    invoke: (_name, event) => {
      encodings.push(event.isBase64Encoded);
      return handlerOf(current)(event, lambdaContext);
    },
    now: () => clockOf(current)(),
  });
});
afterAll(() => gateway.close());

/** The product's route with a platform of the vector's scheme, whose deliveries hold one event each. */
function handlerOf(vector: SchemeVector) {
  const provider = defineProvider({
    ...tiktok,
    webhook: {
      scheme: vector.scheme,
      signedWith: 'webhookSecret',
      read: () => [{ id: 'the-event', type: 'told', meaning: 'news', data: {} }],
    },
  });
  const registry = createRegistry({}, [provider]);
  const app = {
    provider: provider.id,
    clientId: 'client',
    clientSecrets: [],
    webhookSecrets: [new Secret(vector.secret)],
    verifyTokens: [],
  };
  const parts = {
    findApp: async () => app,
    registry,
    standIn: createStandIn(registry),
    queue: {
      send: async (message: Message) => void sent.push(message),
      sendAll: async (messages: readonly Message[]) => void sent.push(...messages),
    },
    now: clockOf(vector),
    count: () => undefined,
  };
  return http(
    contract.webhook,
    { now: clockOf(vector), write: () => undefined },
    async ({ params, signed }) => {
      await receiveWebhook(parts, params.context, signed);
      return { kind: 'text', status: 200, body: '' };
    },
  );
}

function deliver(
  vector: SchemeVector,
  type: string | undefined,
  { headers = vector.headers, body = Buffer.from(vector.body, 'utf8') as Uint8Array } = {},
): Promise<RawAnswer> {
  current = vector;
  sent = [];
  encodings = [];
  return exchange(gateway.url, {
    method: 'POST',
    target: `/integrations/webhook/${tiktok.id}`,
    headers: [
      ...(type === undefined ? [] : [['content-type', type] as const]),
      ...Object.entries(headers).map(([name, value = '']) => [name, value] as const),
    ],
    body,
  });
}

describe.each(vectors)('the vector $name', (vector) => {
  it.each([
    ['as text', 'application/json; charset=utf-8', false],
    ['as base64, because it is no text', 'application/octet-stream', true],
    ['as base64, because it is a form', 'application/x-www-form-urlencoded', true],
    ['as base64, because nobody says what it is', undefined, true],
  ])('row 14: is taken when the gateway hands it over %s', async (_how, type, isBase64Encoded) => {
    const { status } = await deliver(vector, type);

    expect(status).toBe(200);
    expect(encodings).toEqual([isBase64Encoded]);
    expect(sent.map(({ body }) => body)).toMatchObject([{ event: { id: 'the-event' } }]);
  });

  it('row 14: is refused with any one byte of the body changed, in either encoding', async () => {
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
    expect(sent).toEqual([]);
  });

  it('row 15: is refused once it is too old, where its scheme tells the time', async () => {
    if (vector.timestampSeconds === undefined) return;
    const tolerance = vector.scheme.timestamp?.toleranceSeconds ?? 0;
    const late = { ...vector, nowSeconds: vector.timestampSeconds + tolerance + 1 };

    const { status } = await deliver(late, 'application/json');

    expect(status).toBe(401);
  });
});

const rejects = vectors.flatMap((vector) => vector.rejects.map((reject) => ({ vector, ...reject })));

it.each(rejects)('row 14: refuses $vector.name with $name', async ({ vector, headers }) => {
  const { status } = await deliver(vector, 'application/json', { headers });

  expect(status).toBe(401);
  expect(sent).toEqual([]);
});
