/** Deliveries to an unregistered app are checked against a decoy and always refused, so that they look like deliveries to a registered one. */
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../lib/aws/queue.ts';
import type { SecretSource } from '../../lib/aws/secret-source.ts';
import { instagram } from '../../lib/platforms/instagram/definition.ts';
import { tiktok } from '../../lib/platforms/tiktok/definition.ts';
import type { ConsentProvider } from '../../lib/providers/provider.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import { createDecoy } from '../../lib/webhooks/decoy-app.ts';
import { type ReceiveDeps, receiveWebhook } from '../../lib/webhooks/receive-webhook.ts';
import { createWebhookApps, type WebhookApp } from '../../lib/webhooks/webhook-app.ts';
import { providersOf } from '../support/providers.ts';

const noon = Date.UTC(2026, 10, 20, 12);
const providers = providersOf();
const secret = 's4ndb0x-secret-of-nobody';
const nobody: WebhookApp = {
  provider: 'tiktok',
  webhook: webhook(tiktok),
  settings: {},
  clientId: 'client',
  clientSecrets: [new Secret(secret)],
  webhookSecrets: [],
  verifyTokens: [new Secret(secret)],
};

function deps(changes: Partial<ReceiveDeps> = {}) {
  const sent: Message[] = [];
  const counted: string[] = [];
  return {
    sent,
    counted,
    fetch,
    findApp: async () => undefined,
    decoy: createDecoy(providers),
    queue: {
      send: async () => undefined,
      sendAll: async (all: readonly Message[]) => void sent.push(...all),
    },
    now: () => noon,
    count: (name: string, dimensions: { readonly reason?: string } = {}) =>
      void counted.push(`${name} ${dimensions.reason}`),
    ...changes,
  };
}

const body = Buffer.from('{"client_key":"client","event":"e","create_time":1,"content":"{}"}');
function signedByTikTok(headers: Readonly<Record<string, string>> = {}) {
  const t = noon / 1000;
  const s = createHmac('sha256', secret).update(`${t}.`).update(body).digest('hex');
  return { method: 'POST', headers: { 'tiktok-signature': `t=${t},s=${s}`, ...headers }, body };
}

describe('an unregistered app', () => {
  it('accepts no delivery, not even one signed with the decoy’s secret', async () => {
    const receiving = deps({ decoy: async () => ({ app: nobody, webhook: webhook(tiktok) }) });

    const answer = receiveWebhook(receiving, 'nowhere', signedByTikTok());

    await expect(answer).rejects.toMatchObject({ code: 'INVALID_SIGNATURE' });
    expect(receiving.sent).toEqual([]);
  });

  it('answers no handshake, not even one with the decoy’s verify token', async () => {
    const receiving = deps({ decoy: async () => ({ app: nobody, webhook: webhook(instagram) }) });
    const query = new URLSearchParams({
      'hub.mode': 'subscribe',
      'hub.challenge': '1158201444',
      'hub.verify_token': secret,
    });

    const answer = receiveWebhook(receiving, 'nowhere', {
      method: 'GET',
      headers: {},
      body: Buffer.alloc(0),
      query: query.toString(),
    });

    await expect(answer).rejects.toMatchObject({ code: 'INVALID_SIGNATURE' });
  });

  it('refuses for the same reason as a registered app', async () => {
    const receiving = deps();
    const requests = [
      signedByTikTok(),
      signedByTikTok({ 'tiktok-signature': 't=1,s=' }),
      { method: 'POST', headers: {}, body },
    ];

    for (const request of requests) {
      await expect(receiveWebhook(receiving, 'tiktok', request)).rejects.toMatchObject({
        code: 'INVALID_SIGNATURE',
      });
    }

    expect(receiving.counted).toEqual([
      'webhook_rejected mismatch',
      'webhook_rejected malformed',
      'webhook_rejected missing',
    ]);
  });

  it('is checked by the signature scheme of the platform it is named after, or else of the one the headers suggest', async () => {
    const decoy = createDecoy(providers);
    const request = (header: string) => ({ method: 'POST', headers: { [header]: 'x' }, body });

    expect((await decoy('tiktok', request('x-hub-signature-256'))).webhook).toBe(webhook(tiktok));
    expect((await decoy('app_x', request('x-hub-signature-256'))).webhook.scheme).toBe(
      webhook(instagram).scheme,
    );
    expect((await decoy('app_x', request('tiktok-signature'))).webhook).toBe(webhook(tiktok));
    expect((await decoy('app_x', request('accept'))).webhook).toBeDefined();
  });
});

describe('the look-up of webhook apps', () => {
  const stored = () => ({ provider: 'tiktok', clientId: 'client', clientSecret: 's4ndb0x-client-secret' });
  const strangers = Array.from({ length: 50 }, (_, index) => `app_${String(index).padStart(22, '0')}`);

  function source(values: Readonly<Record<string, () => unknown>>) {
    const asked: string[] = [];
    const find = async (id: string) => {
      asked.push(id);
      return values[id]?.();
    };
    const secrets: SecretSource = { find, read: find };
    return { asked, secrets };
  }

  it('reads a secret once while it is cached and again after it has changed', async () => {
    let value = stored();
    const { secrets } = source({ 'apps/tiktok': () => value });
    const findApp = createWebhookApps({ secrets, prefix: 'apps/', providers, now: () => noon });

    const [first, second] = [await findApp('tiktok'), await findApp('tiktok')];
    value = { ...stored(), clientSecret: 's4ndb0x-rotated' };
    const third = await findApp('tiktok');

    expect(second).toBe(first);
    expect(third?.clientSecrets.map((one) => one.reveal())).toEqual(['s4ndb0x-rotated']);
  });

  it('looks up at most twenty unknown apps a second and rejects the rest unread', async () => {
    // Each read returns a new object, as after a reload of a secret.
    const { asked, secrets } = source({ 'apps/tiktok': stored });
    const findApp = createWebhookApps({ secrets, prefix: 'apps/', providers, now: () => noon });
    await findApp('tiktok');

    const found = [];
    for (const appId of [...strangers, ...strangers]) found.push(await findApp(appId));

    expect(found.every((app) => app === undefined)).toBe(true);
    expect(asked.filter((id) => id !== 'apps/tiktok')).toHaveLength(20);
    expect(await findApp('tiktok')).toBeDefined();
  });

  it('finds a shared app, whose name is public, after any number of unknown ones', async () => {
    const { secrets } = source({ 'apps/tiktok': stored });
    const findApp = createWebhookApps({ secrets, prefix: 'apps/', providers, now: () => noon });
    for (const appId of strangers) await findApp(appId);

    expect(await findApp('tiktok')).toBeDefined();
  });

  it('finds an app that was registered later as soon as the limit allows', async () => {
    let now = noon;
    let registered = false;
    const late = strangers[0] ?? '';
    const { secrets } = source({ [`apps/${late}`]: () => (registered ? stored() : undefined) });
    const findApp = createWebhookApps({ secrets, prefix: 'apps/', providers, now: () => now });
    for (const appId of strangers) await findApp(appId);
    registered = true;

    const refused = await findApp(late);
    now += 1_000;
    const found = await findApp(late);

    expect(refused).toBeUndefined();
    expect(found).toMatchObject({ provider: 'tiktok' });
  });

  it.each(['TikTok', '', '../tiktok', 'app_short', `app_${'A'.repeat(23)}`, 'tiktok#'])(
    'rejects %j, which is not an app id, without a look-up',
    async (appId) => {
      const { asked, secrets } = source({});
      const findApp = createWebhookApps({ secrets, prefix: 'apps/', providers, now: () => noon });

      expect(await findApp(appId)).toBeUndefined();
      expect(asked).toEqual([]);
    },
  );
});

function webhook(provider: ConsentProvider) {
  if (!provider.webhook) throw new Error('This provider has no webhooks.');
  return provider.webhook;
}
