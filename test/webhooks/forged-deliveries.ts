/** Forged requests to the webhook route: random ones, and valid ones that were altered after signing. */
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import type { RawRequest } from '../support/stack/http-exchange.ts';

/** An app at either kind of platform, whose secret the test knows. */
export interface KnownApp {
  readonly appId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly dialect: 'tiktok' | 'meta';
}

type Header = readonly [name: string, value: string];

/** A valid delivery, before it is altered. */
interface Good {
  readonly app: KnownApp;
  readonly body: Buffer;
  readonly header: string;
  /** The text before the signature, and the signature in hexadecimal. */
  readonly before: string;
  readonly mac: string;
}

const json: Header = ['content-type', 'application/json'];
const hexDigits = '0123456789abcdef';

export function signed(app: KnownApp, body: Buffer, now: number): Good {
  const hmac = createHmac('sha256', app.clientSecret);
  if (app.dialect === 'meta') {
    const mac = hmac.update(body).digest('hex');
    return { app, body, header: 'x-hub-signature-256', before: 'sha256=', mac };
  }
  const t = Math.floor(now / 1000);
  const mac = hmac.update(`${t}.`).update(body).digest('hex');
  return { app, body, header: 'tiktok-signature', before: `t=${t},s=`, mac };
}

export function requestOf(good: Good, headers: readonly Header[] = [signatureOf(good)]): RawRequest {
  return {
    method: 'POST',
    target: `/integrations/webhook/${good.app.appId}`,
    headers: [json, ...headers],
    body: good.body,
  };
}

const signatureOf = ({ header, before, mac }: Good): Header => [header, before + mac];

/** A body in the platform's shape with arbitrary JSON in it. */
export function bodyFor({ clientId, dialect }: KnownApp): fc.Arbitrary<Buffer> {
  const texts = fc.string({ unit: 'grapheme', maxLength: 30 });
  const content = fc.jsonValue({ maxDepth: 3 });
  return dialect === 'tiktok'
    ? fc
        .tuple(texts, texts, content, fc.oneof(fc.nat(), fc.jsonValue({ maxDepth: 1 })))
        .map(([event, account, inner, time]) =>
          Buffer.from(
            JSON.stringify({
              client_key: clientId,
              event,
              create_time: time,
              user_openid: account,
              content: JSON.stringify(inner),
            }),
          ),
        )
    : fc.array(fc.tuple(texts, texts, content), { maxLength: 4 }).map((entries) =>
        Buffer.from(
          JSON.stringify({
            object: 'instagram',
            entry: entries.map(([id, field, value]) => ({
              id,
              time: 1_763_600_000,
              changes: [{ field, value }],
            })),
          }),
        ),
      );
}

/** A request that must be refused. */
export function forgedDelivery(apps: readonly KnownApp[], now: () => number): fc.Arbitrary<RawRequest> {
  const app = fc.constantFrom(...apps);
  const good = app.chain((one) => bodyFor(one).map((body) => signed(one, body, now())));
  return fc.oneof(
    { weight: 3, arbitrary: good.chain(changedBody) },
    { weight: 3, arbitrary: good.chain(changedSignature) },
    { weight: 1, arbitrary: good.chain(changedTime) },
    { weight: 1, arbitrary: good.chain((one) => oddHeaders(one, apps)) },
    { weight: 1, arbitrary: good.chain(elsewhere) },
    { weight: 1, arbitrary: app.chain(handshake) },
    { weight: 2, arbitrary: anything(apps) },
  );
}

/** Flips, removes or inserts a byte, or truncates the body. */
function changedBody(good: Good): fc.Arbitrary<RawRequest> {
  const { body } = good;
  const place = fc.nat({ max: Math.max(body.length - 1, 0) });
  return fc.oneof(
    fc.tuple(place, fc.integer({ min: 1, max: 255 })).map(([at, change]) => {
      const changed = Buffer.from(body);
      changed[at] = (changed[at] ?? 0) ^ change;
      return { ...requestOf(good), body: changed };
    }),
    place.map((at) => ({ ...requestOf(good), body: body.subarray(0, at) })),
    fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 8 })).map(([at, extra]) => ({
      ...requestOf(good),
      body: Buffer.concat([body.subarray(0, at), extra, body.subarray(at)]),
    })),
  );
}

/** Changes a digit of the signature, its length, or its spelling. */
function changedSignature(good: Good): fc.Arbitrary<RawRequest> {
  const { header, before, mac } = good;
  const place = fc.nat({ max: mac.length - 1 });
  const text = fc.oneof(
    fc.tuple(place, fc.integer({ min: 1, max: 15 })).map(([at, change]) => {
      const digit = hexDigits[(hexDigits.indexOf(mac[at] ?? '0') + change) % 16] ?? '0';
      return mac.slice(0, at) + digit + mac.slice(at + 1);
    }),
    place.map((at) => mac.slice(0, at)),
    fc.constantFrom(`${mac}00`, `00${mac}`, `${mac}${mac}`, `0x${mac}`),
    fc.constant(Buffer.from(mac, 'hex').toString('base64')),
  );
  return text.map((changed) => requestOf(good, [[header, before + changed]]));
}

function changedTime(good: Good): fc.Arbitrary<RawRequest> {
  const times = fc.oneof(
    fc.nat().map(String),
    fc.constantFrom('', '-1', '0', '1e9', '9'.repeat(30), ' 1763600000', '1763600000.0', 'NaN'),
  );
  return times.map((t) => requestOf(good, [[good.header, `t=${t},s=${good.mac}`]]));
}

/** Repeats, drops, renames, swaps or lengthens the signature header. */
function oddHeaders(good: Good, apps: readonly KnownApp[]): fc.Arbitrary<RawRequest> {
  const own = signatureOf(good);
  const other = own[0] === 'tiktok-signature' ? 'x-hub-signature-256' : 'tiktok-signature';
  const stranger = apps.find((app) => app !== good.app) ?? good.app;
  return fc.constantFrom(
    requestOf(good, []),
    requestOf(good, [own, own]),
    requestOf(good, [[own[0], `${own[1]},${own[1]}`]]),
    requestOf(good, [[other, own[1]]]),
    requestOf(good, [[own[0], own[1].toUpperCase()]]),
    requestOf(good, [[own[0], 'A'.repeat(5_000)]]),
    requestOf(good, [[own[0], ',='.repeat(2_000)]]),
    // The signature of one app, sent to another.
    {
      ...requestOf(good),
      target: `/integrations/webhook/${stranger === good.app ? 'none' : stranger.appId}`,
    },
  );
}

/** The same delivery, sent to an unknown app. */
function elsewhere(good: Good): fc.Arbitrary<RawRequest> {
  const contexts = fc.oneof(
    fc.constantFrom('snapchat', 'openid', 'onlyfans', `app_${'A'.repeat(22)}`, '__proto__', 'TikTok', '%00'),
    fc.string({
      unit: fc.constantFrom(...'abcdefghijklmnop0123456789-_'.split('')),
      minLength: 1,
      maxLength: 40,
    }),
    fc
      .string({ unit: 'binary', minLength: 1, maxLength: 12 })
      .map((text) => encodeURIComponent(text.toWellFormed())),
  );
  const known = new Set(['tiktok', 'instagram', 'instagram-facebook', good.app.appId]);
  return contexts
    .filter((appId) => !known.has(appId))
    .map((appId) => ({ ...requestOf(good), target: `/integrations/webhook/${appId}` }));
}

/** Handshakes without the verify token. */
function handshake({ appId }: KnownApp): fc.Arbitrary<RawRequest> {
  const names = fc.constantFrom(
    'hub.mode',
    'hub.challenge',
    'hub.verify_token',
    'validationToken',
    'challenge',
  );
  const values = fc.oneof(fc.constantFrom('subscribe', '1158201444', ''), fc.string({ maxLength: 40 }));
  return fc.array(fc.tuple(names, values), { maxLength: 6 }).map((pairs) => ({
    method: 'GET',
    target: `/integrations/webhook/${appId}?${new URLSearchParams(pairs).toString()}`,
  }));
}

/** Bytes and headers of any kind. */
function anything(apps: readonly KnownApp[]): fc.Arbitrary<RawRequest> {
  const visible = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    maxLength: 80,
  });
  const header: fc.Arbitrary<Header> = fc.tuple(
    fc.constantFrom(
      'tiktok-signature',
      'x-hub-signature-256',
      'x-hub-signature',
      'x-slack-signature',
      'webhook-signature',
      'x-hook-secret',
      'x-correlation-id',
      'content-encoding',
    ),
    visible,
  );
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json().map((text) => Buffer.from(text)),
    // Deeper than any parser's stack, and almost at the size limit.
    fc.constantFrom(Buffer.from('['.repeat(50_000)), Buffer.from(`{"a":"${'x'.repeat(100_000)}"}`)),
  );
  const type = fc.constantFrom(
    'application/json',
    'application/x-www-form-urlencoded',
    'text/plain; charset=utf-16',
    'multipart/form-data',
    'application/octet-stream',
  );
  return fc
    .tuple(fc.constantFrom(...apps), fc.array(header, { maxLength: 3 }), body, type)
    .map(([{ appId }, headers, content, contentType]) => ({
      method: 'POST',
      target: `/integrations/webhook/${appId}`,
      headers: [['content-type', contentType], ...headers],
      body: content,
    }));
}
