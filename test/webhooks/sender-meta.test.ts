/** The Instagram sandboxes send webhooks as Meta does, in both of its payload shapes and time units. */
import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startInstagram } from '../../infra/local/platforms/instagram/instagram.ts';
import { startInstagramFacebook } from '../../infra/local/platforms/instagram-facebook/instagram-facebook.ts';
import type { Sandbox } from '../../infra/local/sandbox/sandbox.ts';
import { instagram, instagramFacebook } from '../../lib/platforms/instagram/definition.ts';
import { metaHandshake } from '../../lib/signatures/handshakes.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import { client, testClock } from '../infra/local/platforms/platform-calls.ts';
import { type Answered, type Answering, openReceiver, type ReceivedCall, type Receiver } from './receiver.ts';

const verifyToken = 's4ndb0x-verify';
const saltmarsh = '17841405793187218';

let clock: ReturnType<typeof testClock>;
let sandbox: Sandbox;
let receiver: Receiver;
let answer: Answering;

beforeEach(async () => {
  clock = testClock();
  answer = handshake;
  receiver = await openReceiver((call) => answer(call));
  sandbox = await startInstagram({ clients: [client], now: clock.now });
  sandbox.control({ command: 'webhook', url: receiver.url, verifyToken, hourMilliseconds: 100 });
});
afterEach(async () => {
  await sandbox.close();
  await receiver.close();
});

describe('the Instagram sandbox, before its first delivery,', () => {
  it('verifies the callback URL once with a handshake', async () => {
    comment();
    comment();
    await settled();

    const [asked, ...rest] = receiver.calls;
    expect(asked?.method).toBe('GET');
    expect(Object.fromEntries(asked?.query ?? [])).toEqual({
      'hub.mode': 'subscribe',
      'hub.challenge': expect.stringMatching(/^\d{10}$/),
      'hub.verify_token': verifyToken,
    });
    expect(rest.map(({ method }) => method)).toEqual(['POST', 'POST']);
  });

  it.each([
    ['no challenge because the verify token differs', 's4ndb0x-other', handshake],
    ['a different text than the challenge', verifyToken, (): Answered => [200, 'hello']],
    ['an error', verifyToken, (): Answered => 500],
  ])('sends nothing when the handshake was answered with %s', async (_what, known, answering) => {
    sandbox.control({ command: 'webhook', verifyToken: known });
    answer = answering;

    comment();
    await settled();

    expect(receiver.calls.map(({ method }) => method)).toEqual(['GET']);
    expect(sandbox.webhooks?.report()).toMatchObject({ deliveries: 0, handshakesRefused: 1 });
  });
});

describe('a delivery of the Instagram sandbox', () => {
  it('has non-ASCII characters escaped before it is signed', async () => {
    comment({ text: 'Très bien! 早 🌊' });
    await settled();

    const [call] = deliveries();
    const text = call?.body.toString('utf8') ?? '';
    expect(text).toContain('Tr\\u00e8s bien! \\u65e9 \\ud83c\\udf0a');
    expect(text).toMatch(/^[\x20-\x7e]+$/);
    expect(call?.headers['x-hub-signature-256']).toBe(
      `sha256=${createHmac('sha256', client.clientSecret).update(text).digest('hex')}`,
    );
  });

  it('contains up to a thousand updates', async () => {
    const events = Array.from({ length: 1_001 }, () => ({ account: 'yuki', event: 'comments' }));

    const result = sandbox.control({ command: 'send_webhook', events });
    await settled();

    expect(result).toEqual({ ok: true, affected: 2 });
    expect(deliveries().map((call) => entriesOf(call).length)).toEqual([1_000, 1]);
  });

  it('reports a comment in either payload shape, with its time in either unit', async () => {
    comment({ text: 'a' });
    await settled();
    sandbox.control({
      command: 'set_modes',
      modes: { webhookShape: 'flat', webhookTime: 'milliseconds' },
    });
    comment({ text: 'b' });
    await settled();

    const [listed, flat] = deliveries().map((call) => entriesOf(call)[0]);
    const seconds = Math.floor(clock.now() / 1000);
    expect(listed).toEqual({
      id: saltmarsh,
      time: seconds,
      changes: [{ field: 'comments', value: expect.objectContaining({ text: 'a' }) }],
    });
    expect(flat).toEqual({
      id: saltmarsh,
      time: clock.now(),
      field: 'comments',
      value: expect.objectContaining({ text: 'b' }),
    });
  });

  it('reports messages in a separate list', async () => {
    sandbox.control({
      command: 'send_webhook',
      events: [{ account: 'saltmarsh', event: 'messages', content: { message: { mid: 'm_1', text: 'hi' } } }],
    });
    await settled();

    expect(entriesOf(deliveries()[0])).toMatchObject([
      {
        id: saltmarsh,
        messaging: [
          { recipient: { id: saltmarsh }, timestamp: clock.now(), message: { mid: 'm_1', text: 'hi' } },
        ],
      },
    ]);
  });

  it.each(['changes', 'flat'] as const)(
    'is understood by the product in the payload shape %s',
    async (webhookShape) => {
      sandbox.control({ command: 'set_modes', modes: { webhookShape } });
      comment({ id: '18000000000000001' });
      await settled();

      const content: unknown = JSON.parse(deliveries()[0]?.body.toString('utf8') ?? '');
      expect(
        instagram.webhook?.read({ content, headers: {}, body: Buffer.of() }, { ...client, settings: {} }),
      ).toMatchObject([{ type: 'comments', effect: 'none', accountId: saltmarsh }]);
    },
  );

  it('is retried at once, then with growing intervals, for 36 hours', async () => {
    let refused = 0;
    answer = (call) => {
      if (call.method === 'GET') return handshake(call);
      refused += 1;
      return 500;
    };
    sandbox.control({ command: 'webhook', hourMilliseconds: 1 });

    comment();
    await settled();

    expect(refused).toBe(8);
    expect(sandbox.webhooks?.report()).toMatchObject({ requests: 8, givenUp: 1 });
  });

  it('is signed with another secret of the app on request', async () => {
    sandbox.control({ command: 'webhook', signingSecret: 's4ndb0x-meta-app' });

    comment();
    await settled();

    const [call] = deliveries();
    expect(call?.headers['x-hub-signature-256']).toBe(
      `sha256=${createHmac('sha256', 's4ndb0x-meta-app')
        .update(call?.body ?? '')
        .digest('hex')}`,
    );
  });
});

it('the Facebook Login sandbox sends webhooks too', async () => {
  await using facebook = await facebookSandbox();
  facebook.sandbox.control({ command: 'webhook', url: receiver.url, verifyToken });

  facebook.sandbox.control({ command: 'send_webhook', events: [{ account: 'ferry', event: 'mentions' }] });
  await facebook.sandbox.webhooks?.settled();

  const content: unknown = JSON.parse(deliveries()[0]?.body.toString('utf8') ?? '');
  expect(
    instagramFacebook.webhook?.read({ content, headers: {}, body: Buffer.of() }, { ...client, settings: {} }),
  ).toMatchObject([{ type: 'mentions', accountId: '17841460000000777' }]);
});

function comment(content?: Readonly<Record<string, unknown>>): void {
  const event = { account: 'saltmarsh', event: 'comments', ...(content && { content: { ...content } }) };
  sandbox.control({ command: 'send_webhook', events: [event] });
}

async function settled(): Promise<void> {
  await sandbox.webhooks?.settled();
}

/** Responds as the product does. */
function handshake({ method, query }: ReceivedCall): Answered {
  const answered = metaHandshake({ method, query: query.toString() }, [new Secret(verifyToken)]);
  return answered ? [answered.status, answered.body] : 200;
}

function deliveries(): readonly ReceivedCall[] {
  return receiver.calls.filter(({ method }) => method === 'POST');
}

function entriesOf(call: ReceivedCall | undefined): readonly unknown[] {
  const body: unknown = JSON.parse(call?.body.toString('utf8') ?? 'null');
  if (typeof body !== 'object' || body === null || !('entry' in body) || !Array.isArray(body.entry))
    return [];
  return body.entry;
}

async function facebookSandbox() {
  const started = await startInstagramFacebook({ clients: [client], now: clock.now });
  return { sandbox: started, [Symbol.asyncDispose]: () => started.close() };
}
