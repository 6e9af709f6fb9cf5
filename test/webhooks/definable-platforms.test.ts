/**
 * Platforms without a provider in the catalogue, each described as its provider would describe it: the samples of their
 * documentation go through the real route and become events. With one byte altered, none does.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyPubSubPush, verifySecurityEvent } from '../../lib/platforms/google/webhook-signature.ts';
import {
  verifyNotifications,
  verifyValidationTokens,
} from '../../lib/platforms/microsoft-teams/webhook-signature.ts';
import type { PlatformEvent, WebhookDefinition } from '../../lib/providers/webhook-definition.ts';
import { asanaHandshake, microsoftHandshake, slackHandshake } from '../../lib/signatures/handshakes.ts';
import { publishedKeys } from '../../lib/signatures/jwt/key-set.ts';
import {
  asanaSignature,
  googleChannelSignature,
  klaviyoSignature,
  slackSignature,
} from '../../lib/signatures/schemes.ts';
import { googleChannelToken } from '../../lib/signatures/shared-token.ts';
import { asText, at, parsedJson } from '../../lib/signatures/verification.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import { newKey, startServer } from '../support/signatures/key-server.ts';
import { clockOf } from '../support/signatures/requests.ts';
import asanaVectors from '../vectors/signatures/asana.json' with { type: 'json' };
import google from '../vectors/signatures/google.json' with { type: 'json' };
import klaviyoVectors from '../vectors/signatures/klaviyo.json' with { type: 'json' };
import microsoft from '../vectors/signatures/microsoft-graph.json' with { type: 'json' };
import slackVectors from '../vectors/signatures/slack.json' with { type: 'json' };
import { openWebhookRoute, type Platform, type Route } from './webhook-route.ts';

let route: Route;
const own = await newKey();
const server = await startServer((request, response) => {
  const keys = request.url === '/google' ? google.keys : microsoft.keys;
  if (request.url === '/away') response.writeHead(503).end();
  else response.end(JSON.stringify({ keys: [...keys, own.jwk] }));
});
const keysAt = (path: string) => publishedKeys(`${server.origin}/${path}`, [server.origin]);
const seconds = (time: number) => () => time * 1000;

beforeAll(async () => {
  route = await openWebhookRoute();
});
afterAll(async () => {
  await route.close();
  await server[Symbol.asyncDispose]();
});

const news = (id: string | undefined, type: string | undefined, data: unknown): PlatformEvent => ({
  id: id ?? '',
  type: type ?? '',
  effect: 'none',
  data: { value: data },
});
const listIn = (value: unknown, ...path: readonly string[]): readonly unknown[] => {
  const found = at(value, path);
  return Array.isArray(found) ? found : [];
};
const textIn = (value: unknown, ...path: readonly string[]) => asText(at(value, path));

const slack: WebhookDefinition = {
  scheme: slackSignature,
  signedWith: 'webhookSecret',
  handshake: (request, _secrets, verification) => slackHandshake(request, verification),
  read: ({ content, body }) => {
    // Commands arrive as forms, everything else as JSON.
    const form = new URLSearchParams(Buffer.from(body).toString('utf8'));
    return content === undefined
      ? [news(form.get('trigger_id') ?? '', 'command', form.get('command'))]
      : [news(textIn(content, 'event_id'), textIn(content, 'event', 'type'), content)];
  },
};

const klaviyo: WebhookDefinition = {
  scheme: klaviyoSignature,
  signedWith: 'webhookSecret',
  read: ({ content }) =>
    listIn(content, 'data').map((one) => news(textIn(one, 'external_id'), textIn(one, 'topic'), one)),
};

const asana: WebhookDefinition = {
  scheme: asanaSignature,
  signedWith: 'webhookSecret',
  plantsSecret: true,
  handshake: (request, { armed }) => asanaHandshake(request, armed),
  read: ({ content }) =>
    listIn(content, 'events').map((one) =>
      news([textIn(one, 'resource', 'gid'), textIn(one, 'created_at')].join(' '), textIn(one, 'action'), one),
    ),
};

const googleChannel: WebhookDefinition = {
  scheme: googleChannelSignature,
  signedWith: 'webhookSecret',
  read: ({ headers }) => {
    const header = (name: string) => headers[`x-goog-${name}`] ?? '';
    return [
      news(
        [header('channel-id'), header('message-number')].join(' '),
        header('resource-state'),
        header('resource-id'),
      ),
    ];
  },
};

const gmail = (path = 'google'): WebhookDefinition => {
  const keys = keysAt(path);
  return {
    scheme: async (request, { app, fetch, now }) => {
      const { audience = '', serviceAccount = '' } = app.settings;
      const verified = await verifyPubSubPush(
        request,
        { audience, serviceAccount },
        keys({ fetch, now }),
        now,
      );
      return verified.kind === 'verified' ? { ...verified, content: parsedJson(request.body) } : verified;
    },
    signedWith: 'webhookSecret',
    read: ({ content }) => [news(textIn(content, 'message', 'messageId'), 'push', content)],
  };
};

const risc: WebhookDefinition = {
  scheme: async (request, { app, fetch, now }) => {
    const { riscClient = '', issuer = '' } = app.settings;
    const expected = { clientIds: [riscClient], issuer };
    const verified = await verifySecurityEvent(request, expected, keysAt('google')({ fetch, now }));
    return verified.kind === 'verified' ? { kind: 'verified', content: verified.claims } : verified;
  },
  signedWith: 'webhookSecret',
  read: ({ content }) => [news(textIn(content, 'jti'), 'security event', at(content, ['events']))],
};

const graph: WebhookDefinition = {
  scheme: async (request, { app, secrets, fetch, now }) => {
    const notification = verifyNotifications(request, secrets);
    if (notification.kind === 'refused') return notification;
    const { items, validationTokens } = notification;
    if (validationTokens.length > 0) {
      const { appId = '', tenantId = '' } = app.settings;
      const expected = { appId, tenantIds: [tenantId] };
      const keys = keysAt('microsoft')({ fetch, now });
      const vouched = await verifyValidationTokens(validationTokens, expected, keys, now);
      if (vouched.kind !== 'verified') return vouched;
    }
    return { kind: 'verified', content: items };
  },
  signedWith: 'webhookSecret',
  handshake: (request) => microsoftHandshake(request),
  read: ({ content }) =>
    listIn(content).map((item) => news(textIn(item, 'id'), textIn(item, 'changeType'), item)),
};

interface Case {
  readonly platform: Platform;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  readonly events: readonly { readonly id: string; readonly type: string }[];
  /** Whether the signature covers the body; at Google only TLS protects it. */
  readonly bodyIsProven?: false;
}

const [slackCommand, slackEvent, slackQuestion] = slackVectors.cases;
const [klaviyoBatch] = klaviyoVectors.cases;
const [, asanaEvent] = asanaVectors.cases;
if (!slackCommand || !slackEvent || !slackQuestion || !klaviyoBatch || !asanaEvent) {
  throw new Error('The vectors are not what they were.');
}
const channelKey = 's4ndb0x-channel-key';
const pushSettings = { audience: google.push.audience, serviceAccount: google.push.serviceAccount };
const graphSettings = {
  appId: microsoft.validationToken.appId,
  tenantId: microsoft.validationToken.tenantId,
};
const graphPlatform: Platform = {
  webhook: graph,
  secrets: [microsoft.clientState.stored],
  settings: graphSettings,
  now: seconds(microsoft.validationToken.validAtSeconds),
};

const cases: Readonly<Record<string, Case>> = {
  "Slack's command, a form": {
    platform: { webhook: slack, secrets: [slackCommand.secret], now: clockOf(slackCommand) },
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...slackCommand.headers },
    body: slackCommand.body,
    events: [{ id: '398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c', type: 'command' }],
  },
  "Slack's event": {
    platform: { webhook: slack, secrets: ['newer', slackEvent.secret], now: clockOf(slackEvent) },
    headers: slackEvent.headers,
    body: slackEvent.body,
    events: [{ id: 'Ev0TEST001', type: 'app_uninstalled' }],
  },
  "Klaviyo's batch": {
    platform: { webhook: klaviyo, secrets: [klaviyoBatch.secret], now: clockOf(klaviyoBatch) },
    headers: klaviyoBatch.headers,
    body: klaviyoBatch.body,
    events: [{ id: 'evt_0001', type: 'event:klaviyo.opened_email' }],
  },
  "Asana's event": {
    platform: { webhook: asana, secrets: [asanaEvent.secret], now: clockOf({}) },
    headers: asanaEvent.headers,
    body: asanaEvent.body,
    events: [{ id: '1200000000000002 2026-01-01T00:00:00.000Z', type: 'changed' }],
  },
  "Google's channel, without a body": {
    platform: { webhook: googleChannel, secrets: [channelKey], now: clockOf({}) },
    headers: {
      'x-goog-channel-id': google.channel.id,
      'x-goog-channel-token': googleChannelToken(google.channel.id, new Secret(channelKey)).reveal(),
      'x-goog-resource-id': google.channel.resourceId,
      'x-goog-resource-state': 'exists',
      'x-goog-message-number': '17',
    },
    body: '',
    events: [{ id: `${google.channel.id} 17`, type: 'exists' }],
  },
  "Google's Pub/Sub": {
    platform: {
      webhook: gmail(),
      secrets: [],
      settings: pushSettings,
      now: seconds(google.push.validAtSeconds),
    },
    headers: { authorization: `Bearer ${google.push.token}` },
    body: JSON.stringify({ message: { messageId: '2070443601311540', data: 'e30=' } }),
    events: [{ id: '2070443601311540', type: 'push' }],
    bodyIsProven: false,
  },
  "Google's security event": {
    platform: {
      webhook: risc,
      secrets: [],
      settings: { riscClient: google.securityEvent.clientId, issuer: google.securityEvent.issuer },
      now: clockOf({}),
    },
    headers: { 'content-type': 'application/secevent+jwt' },
    body: google.securityEvent.token,
    events: [{ id: google.securityEvent.id, type: 'security event' }],
  },
  "Microsoft Graph's notification, of which one item is somebody else's": {
    platform: graphPlatform,
    headers: {},
    body: JSON.stringify({
      value: [
        { id: 'a', changeType: 'updated', clientState: microsoft.clientState.stored },
        { id: 'b', changeType: 'updated', clientState: microsoft.clientState.refused },
      ],
      validationTokens: [microsoft.validationToken.token],
    }),
    events: [{ id: 'a', type: 'updated' }],
    bodyIsProven: false,
  },
};

describe.each(Object.entries(cases))('a delivery of %s', (_name, { platform, headers, body, events }) => {
  it('becomes the events that it contains', async () => {
    const { status } = await route.send(platform, { headers, body });

    expect(status).toBe(200);
    expect(route.sent.map((message) => message.body)).toMatchObject(events.map((event) => ({ event })));
  });

  it('row 14: is refused under another secret or for another app', async () => {
    const others = { ...platform, secrets: ['another'], settings: {} };

    const { status, text } = await route.send(others, { headers, body });

    expect([status, JSON.parse(text)]).toMatchObject([401, { error: { code: 'INVALID_SIGNATURE' } }]);
    expect(route.sent).toEqual([]);
  });
});

const proven = Object.entries(cases).filter(
  ([, { bodyIsProven, body }]) => bodyIsProven !== false && body !== '',
);
it.each(proven)(
  'row 14: the webhook route refuses a delivery of %s with one byte altered',
  async (_name, { platform, headers, body }) => {
    for (const place of [0, Math.floor(body.length / 2), body.length - 1]) {
      const altered = Buffer.from(body);
      altered[place] = (altered[place] ?? 0) ^ 1;

      const { status } = await route.send(platform, { headers, body: altered });

      expect(status).toBe(401);
      expect(route.sent).toEqual([]);
    }
  },
);

describe('a signature that needs the platform’s public keys', () => {
  it('is answered with a retryable error while the keys are unavailable', async () => {
    const platform = {
      webhook: gmail('away'),
      secrets: [],
      settings: pushSettings,
      now: seconds(google.push.validAtSeconds),
    };

    const { status, headers } = await route.send(platform, {
      headers: { authorization: `Bearer ${google.push.token}` },
      body: '{}',
    });

    expect(status).toBe(500);
    expect(headers.get('retry-after')).toBe('1');
    expect(route.sent).toEqual([]);
  });

  it('needs one fetch of the keys for many deliveries', async () => {
    const before = server.asked.filter(({ url }) => url === '/google').length;
    const { platform, headers, body } = { ...cases["Google's Pub/Sub"] };
    if (!platform || !headers) throw new Error('There is no such case.');

    for (let sent = 0; sent < 5; sent += 1) await route.send(platform, { headers, ...(body && { body }) });

    expect(server.asked.filter(({ url }) => url === '/google').length - before).toBeLessThanOrEqual(1);
  });
});

describe('the webhook handshake', () => {
  it('of Slack returns the challenge of a request that Slack signed, and of no other', async () => {
    const platform = { webhook: slack, secrets: [slackQuestion.secret], now: clockOf(slackQuestion) };
    const { headers, body } = slackQuestion;

    const good = await route.send(platform, { headers, body });
    const forged = await route.send({ ...platform, secrets: ['another'] }, { headers, body });

    expect(good).toMatchObject({ status: 200, text: textIn(JSON.parse(body), 'challenge') });
    expect(forged.status).toBe(401);
    expect(route.sent).toEqual([]);
  });

  it('of Microsoft returns its validation token, decoded once, as plain text', async () => {
    const { query, body } = microsoft.handshake;

    const answer = await route.send(graphPlatform, { query, headers: {}, body: '' });

    expect(answer).toMatchObject({ status: 200, text: body });
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  });

  it('of Asana stores the offered secret before responding, only when one is expected, and only once', async () => {
    const kept: string[] = [];
    const planting = {
      isArmed: async () => kept.length === 0,
      keep: async (_context: string, secret: Secret) => void kept.push(secret.reveal()),
    };
    const platform = { webhook: asana, secrets: ['unused'], planting, now: clockOf({}) };
    const first = { headers: { 'x-hook-secret': 'f'.repeat(64) }, body: '{}' };
    const second = { headers: { 'x-hook-secret': 'e'.repeat(64) }, body: '{}' };

    const answered = await route.send(platform, first);
    const refused = await route.send(platform, second);

    expect(answered.status).toBe(200);
    expect(answered.headers.get('x-hook-secret')).toBe('f'.repeat(64));
    expect(refused.status).toBe(401);
    expect(kept).toEqual(['f'.repeat(64)]);
  });

  it('of Asana is refused when there is no store for the secret or when storing it fails', async () => {
    const planting = {
      isArmed: async () => true,
      keep: () => Promise.reject(new Error('The secret could not be written.')),
    };
    const platform = { webhook: asana, secrets: ['unused'], now: clockOf({}) };
    const request = { headers: { 'x-hook-secret': 'f'.repeat(64) }, body: '{}' };

    const without = await route.send(platform, request);
    const failed = await route.send({ ...platform, planting }, request);

    expect(without.status).toBe(401);
    expect(failed.status).toBe(500);
    expect(failed.headers.get('x-hook-secret')).toBeNull();
  });
});
