/** The TikTok sandbox sends webhooks as TikTok does, and misbehaves only on request. */
import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTikTok } from '../../infra/local/platforms/tiktok/tiktok.ts';
import type { Sandbox } from '../../infra/local/sandbox/sandbox.ts';
import { tiktok } from '../../lib/platforms/tiktok/definition.ts';
import { tiktokSignature } from '../../lib/signatures/schemes.ts';
import { verifySignature } from '../../lib/signatures/verify-signature.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import { seededRandom } from '../bench/refresh-seeded-random.ts';
import {
  client,
  connectTikTok,
  postForm,
  testClock,
  textOf,
} from '../infra/local/platforms/platform-calls.ts';
import { type Answering, openReceiver, type ReceivedCall, type Receiver } from './receiver.ts';

let clock: ReturnType<typeof testClock>;
let sandbox: Sandbox;
let receiver: Receiver;
let answer: Answering;

beforeEach(async () => {
  clock = testClock();
  answer = () => 200;
  receiver = await openReceiver((call) => answer(call));
  sandbox = await startTikTok({ clients: [client], now: clock.now, random: seededRandom(4711) });
  sandbox.control({ command: 'webhook', url: receiver.url, hourMilliseconds: 100 });
});
afterEach(async () => {
  await sandbox.close();
  await receiver.close();
});

const complete = (publish: string, occurredAt?: number) => ({
  account: 'mira',
  event: 'post.publish.complete',
  content: { publish_id: publish },
  ...(occurredAt !== undefined && { occurredAt }),
});

describe('a delivery of the TikTok sandbox', () => {
  it('contains one event with its content as a JSON string, signed over the raw bytes', async () => {
    sandbox.control({
      command: 'send_webhook',
      events: [{ ...complete('v_é~1'), occurredAt: 1_763_599_990_999 }],
    });
    await settled();

    const [call] = receiver.calls;
    const body: unknown = JSON.parse(call?.body.toString('utf8') ?? '');
    expect(body).toEqual({
      client_key: client.clientId,
      event: 'post.publish.complete',
      create_time: 1_763_599_990,
      user_openid: expect.stringMatching(/^-000/),
      content: '{"publish_id":"v_é~1"}',
    });
    const t = Math.floor(clock.now() / 1000);
    const s = createHmac('sha256', client.clientSecret)
      .update(`${t}.`)
      .update(call?.body ?? '')
      .digest('hex');
    expect(call?.headers['tiktok-signature']).toBe(`t=${t},s=${s}`);
  });

  it('is verified and parsed by the product', async () => {
    sandbox.control({ command: 'send_webhook', events: [complete('v1')] });
    await settled();

    const [call] = receiver.calls;
    expect(verified(call)).toMatchObject({ kind: 'verified' });
    const content: unknown = JSON.parse(call?.body.toString('utf8') ?? '');
    const delivery = { content, headers: {}, body: Buffer.of() };
    expect(tiktok.webhook?.read(delivery, { ...client, settings: {} })).toMatchObject([
      { type: 'post.publish.complete', effect: 'none', resourceKey: 'publish v1' },
    ]);
  });

  it('is retried until it is accepted, with a new signature each time', async () => {
    answer = () => {
      clock.advanceSeconds(60);
      return receiver.calls.length < 4 ? 500 : 204;
    };

    sandbox.control({ command: 'send_webhook', events: [complete('v1')] });
    await settled();

    expect(receiver.calls).toHaveLength(4);
    expect(new Set(receiver.calls.map(({ headers }) => headers['tiktok-signature'])).size).toBe(4);
    expect(new Set(receiver.calls.map(({ body }) => body.toString())).size).toBe(1);
    expect(sandbox.webhooks?.report()).toMatchObject({ deliveries: 1, requests: 4, accepted: 1, waiting: 0 });
  });

  it('keeps the timestamp of its first try in the mode in which the platform does so', async () => {
    sandbox.control({ command: 'set_modes', modes: { webhookRetrySignature: 'first' } });
    answer = () => {
      clock.advanceSeconds(60);
      return receiver.calls.length < 3 ? 500 : 200;
    };

    sandbox.control({ command: 'send_webhook', events: [complete('v1')] });
    await settled();

    expect(new Set(receiver.calls.map(({ headers }) => headers['tiktok-signature'])).size).toBe(1);
  });

  it('is abandoned after 72 hours, whose length a command can scale', async () => {
    answer = () => 503;
    sandbox.control({ command: 'webhook', hourMilliseconds: 1 });

    sandbox.control({ command: 'send_webhook', events: [complete('v1')] });
    await settled();

    // 30 s, doubled each time.
    expect(sandbox.webhooks?.report()).toMatchObject({ requests: 14, accepted: 0, givenUp: 1, waiting: 0 });
  });

  it('is retried when it got no response', async () => {
    const { url } = receiver;
    await receiver.close();
    sandbox.control({ command: 'webhook', url, hourMilliseconds: 1 });

    sandbox.control({ command: 'send_webhook', events: [complete('v1')] });
    await settled();

    expect(sandbox.webhooks?.report()).toMatchObject({ requests: 14, givenUp: 1 });
    expect(sandbox.webhooks?.report().latest[0]).not.toHaveProperty('status');
  });
});

describe('the TikTok sandbox, on request,', () => {
  it.each([
    ['signs under another secret', { signature: 'wrong_secret' }, 'mismatch'],
    ['signs another body', { signature: 'tampered' }, 'mismatch'],
    ['does not sign', { signature: 'missing' }, 'missing'],
    ['signs with a time long past', { signedSecondsAgo: 301 }, 'stale'],
    ['signs with a time to come', { signedSecondsAgo: -301 }, 'stale'],
  ] as const)('%s', async (_what, how, reason) => {
    sandbox.control({ command: 'send_webhook', events: [complete('v1')], ...how });
    await settled();

    expect(verified(receiver.calls[0])).toEqual({ kind: 'refused', reason });
  });

  it('sends duplicates', async () => {
    const result = sandbox.control({ command: 'send_webhook', events: [complete('v1')], copies: 3 });
    await settled();

    expect(result).toEqual({ ok: true, affected: 3 });
    expect(new Set(receiver.calls.map(({ body }) => body.toString())).size).toBe(1);
    expect(receiver.calls).toHaveLength(3);
  });

  it('sends after a delay', async () => {
    sandbox.control({ command: 'send_webhook', events: [complete('v1')], delayMilliseconds: 30 });
    const before = receiver.calls.length;
    await settled();

    expect(before).toBe(0);
    expect(receiver.calls).toHaveLength(1);
  });

  it('sends some deliveries twice and some out of order, and each at least once', async () => {
    sandbox.control({ command: 'webhook', duplicates: 0.2, outOfOrder: 0.1 });
    const events = Array.from({ length: 1_000 }, (_, index) => complete(`v${index}`));

    sandbox.control({ command: 'send_webhook', events });
    await settled();

    const seen = receiver.calls.map(({ body }) => Number(/v(\d+)/.exec(body.toString())?.[1]));
    const firsts = [...new Set(seen)];
    const late = firsts.filter(
      (number, index) => Math.max(...firsts.slice(0, index), -1) > number + 8,
    ).length;
    expect(firsts).toHaveLength(1_000);
    expect(seen.length).toBeGreaterThan(1_150);
    expect(seen.length).toBeLessThan(1_250);
    expect(late).toBeGreaterThan(50);
    expect(late).toBeLessThan(150);
  });
});

describe('when a grant ends, the TikTok sandbox', () => {
  it('reports that the user has removed the app', async () => {
    const { openId } = await grant();

    sandbox.control({ command: 'kill_grants', account: 'mira' });
    await settled();

    expect(removal()).toMatchObject({
      event: 'authorization.removed',
      user_openid: openId,
      content: '{"reason":1}',
    });
  });

  it('reports that the app itself has revoked the grant', async () => {
    const { openId, revoke } = await grant();

    await revoke();
    await settled();

    expect(receiver.calls).toHaveLength(1);
    expect(removal()).toMatchObject({ user_openid: openId, content: '{"reason":5}' });
  });

  it('sends nothing once the subscription has ended', async () => {
    await grant();
    sandbox.control({ command: 'webhook', url: null });

    sandbox.control({ command: 'kill_grants' });
    await settled();

    expect(receiver.calls).toHaveLength(0);
  });
});

describe('a webhook command to the TikTok sandbox', () => {
  it('is refused without an address or a client', () => {
    sandbox.control({ command: 'webhook', url: null });

    expect(sandbox.control({ command: 'webhook', duplicates: 1 }).ok).toBe(false);
    expect(sandbox.control({ command: 'webhook', clientId: 'nobody', url: receiver.url }).ok).toBe(false);
    expect(
      sandbox.control({ command: 'send_webhook', clientId: client.clientId, events: [complete('v1')] }).ok,
    ).toBe(false);
  });

  it.each(['https://example.com/hook', 'http://192.0.2.1/hook', 'ftp://localhost/hook', 'nowhere'])(
    'is refused over HTTP when the address is %s',
    async (url) => {
      const answered = await fetch(`${sandbox.origin}/_sandbox/control`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ command: 'webhook', url }),
      });

      expect(answered.status).toBe(400);
    },
  );

  it('is accepted over HTTP, where its result can be read too', async () => {
    const command = { command: 'send_webhook', events: [{ account: 'mira', event: 'post.publish.failed' }] };
    const taken = await fetch(`${sandbox.origin}/_sandbox/control`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(command),
    });
    await settled();
    const report = await fetch(`${sandbox.origin}/_sandbox/webhooks`);

    expect(await taken.json()).toEqual({ ok: true, affected: 1 });
    expect(await report.json()).toMatchObject({ deliveries: 1, accepted: 1, latest: [{ status: 200 }] });
  });
});

async function settled(): Promise<void> {
  await sandbox.webhooks?.settled();
}

function verified(call: ReceivedCall | undefined) {
  const headers = Object.fromEntries(
    Object.entries(call?.headers ?? {}).map(([name, value]) => [name, String(value)]),
  );
  const request = { method: 'POST', headers, body: call?.body ?? Buffer.alloc(0) };
  return verifySignature(tiktokSignature, request, [new Secret(client.clientSecret)], clock.now);
}

function removal(): unknown {
  return JSON.parse(receiver.calls[0]?.body.toString('utf8') ?? '');
}

async function grant() {
  const body = await connectTikTok(sandbox, { account: 'mira' });
  return {
    openId: textOf(body, 'open_id'),
    revoke: () =>
      postForm(`${sandbox.origin}/v2/oauth/revoke/`, {
        client_key: client.clientId,
        client_secret: client.clientSecret,
        token: textOf(body, 'access_token'),
      }),
  };
}
