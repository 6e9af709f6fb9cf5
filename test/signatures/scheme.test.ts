/** Signature schemes: which descriptions are valid, and that different requests never share signed bytes under them. */
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GenericHmacSettings, genericHmac } from '../../lib/signatures/generic-hmac.ts';
import { readPresented } from '../../lib/signatures/presented.ts';
import { defineSignatureScheme, type SchemeDescription, withTolerance } from '../../lib/signatures/scheme.ts';
import { metaSignature } from '../../lib/signatures/schemes.ts';
import { verifySignature } from '../../lib/signatures/verify-signature.ts';
import { Secret } from '../../lib/telemetry/secret.ts';

const plain: SchemeDescription = {
  algorithm: 'sha256',
  encoding: 'hex',
  key: 'utf8',
  signature: { form: 'whole', header: 'x-signature' },
  signed: ['body'],
};
const timed = {
  from: { header: 'x-time' },
  format: 'unix-seconds',
  toleranceSeconds: 300,
} as const;

describe('the description of a signature scheme', () => {
  it.each<[string, Partial<SchemeDescription>]>([
    ['signs nothing', { signed: [] }],
    ['signs only its own text', { signed: [{ text: 'v0' }] }],
    ['signs the body twice', { signed: ['body', { text: '.' }, 'body'] }],
    ['names a header in upper case', { signature: { form: 'whole', header: 'X-Signature' } }],
    ['does not sign its timestamp', { timestamp: timed }],
    ['signs a timestamp it does not have', { signed: ['timestamp', { text: '.' }, 'body'] }],
    [
      'reads its timestamp from a body it does not sign',
      {
        signed: [{ header: 'x-id' }],
        timestamp: { from: { body: ['time'] }, format: 'iso-8601', toleranceSeconds: 300 },
      },
    ],
    [
      'compares with a body it does not sign',
      {
        signed: [{ header: 'x-id' }],
        agreement: { header: 'x-hook', body: ['hook'] },
      },
    ],
    [
      'reads a pair where there are none',
      {
        signed: ['timestamp', { text: '.' }, 'body'],
        timestamp: { from: { pair: 't' }, format: 'unix-seconds', toleranceSeconds: 300 },
      },
    ],
    [
      'lets a signed timestamp be left out',
      {
        signed: ['timestamp', { text: '.' }, 'body'],
        timestamp: { ...timed, optional: true },
      },
    ],
    [
      'tolerates nothing',
      { signed: ['timestamp', { text: '.' }, 'body'], timestamp: { ...timed, toleranceSeconds: 0 } },
    ],
    [
      'tolerates everything',
      {
        signed: ['timestamp', { text: '.' }, 'body'],
        timestamp: { ...timed, toleranceSeconds: Number.POSITIVE_INFINITY },
      },
    ],
    [
      'tolerates no number',
      {
        signed: ['timestamp', { text: '.' }, 'body'],
        timestamp: { ...timed, toleranceSeconds: Number.NaN },
      },
    ],
    ['puts a header right before the body', { signed: [{ header: 'x-id' }, 'body'] }],
    ['puts a header right after the body', { signed: ['body', { header: 'x-id' }] }],
    ['puts a number right before the body', { signed: ['timestamp', 'body'], timestamp: timed }],
    [
      'puts a digit between a number and the body',
      { signed: ['timestamp', { text: '0' }, 'body'], timestamp: timed },
    ],
    [
      'puts two headers side by side',
      { signed: [{ header: 'x-a' }, { header: 'x-b' }, { text: '.' }, 'body'] },
    ],
  ])('row 14: is refused when it %s', (_what, change) => {
    expect(() => defineSignatureScheme({ ...plain, ...change })).toThrow(/^Signature scheme: /);
  });

  it('cannot have a tolerance without a timestamp', () => {
    expect(() => withTolerance(metaSignature, 300)).toThrow(
      'Signature scheme: it has no timestamp to tolerate.',
    );
  });

  it('row 14: that is accepted never gives two different requests the same signed bytes', () => {
    const scheme = defineSignatureScheme({
      ...plain,
      signed: [
        { header: 'x-a' },
        { text: '..' },
        { header: 'x-b' },
        { text: ':' },
        'body',
        { text: '.:' },
        { header: 'x-c' },
      ],
    });
    const piece = fc.string({ unit: fc.constantFrom('.', ':', 'a', 'b', '0'), minLength: 1, maxLength: 4 });
    const requests = fc.tuple(piece, piece, piece, piece);
    fc.assert(
      fc.property(requests, requests, (left, right) => {
        const [one, other] = [left, right].map(([a, b, text, c]) => {
          const headers = { 'x-signature': '0'.repeat(64), 'x-a': a, 'x-b': b, 'x-c': c };
          const presented = readPresented(scheme, { method: 'POST', headers, body: Buffer.from(text) });
          return presented.kind === 'presented' ? Buffer.concat(presented.message).toString() : undefined;
        });

        fc.pre(one !== undefined && other !== undefined);
        expect(one === other).toBe(JSON.stringify(left) === JSON.stringify(right));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the generic signature scheme', () => {
  const now = () => 1_767_225_600_000;
  const body = Buffer.from('{"a":1}');
  const verify = (
    settings: GenericHmacSettings,
    headers: Record<string, string>,
    secret = 'secret',
    sent = body,
  ) =>
    verifySignature(
      genericHmac(settings),
      { method: 'POST', headers, body: sent },
      [new Secret(secret)],
      now,
    );

  it.each(
    (['sha1', 'sha256', 'sha512'] as const).flatMap((algorithm) =>
      (['hex', 'base64', 'base64url'] as const).flatMap((encoding) =>
        ['', `${algorithm}=`].map((prefix) => ({ algorithm, encoding, prefix })),
      ),
    ),
  )('checks %j', (settings) => {
    const digest = createHmac(settings.algorithm, 'secret').update(body).digest(settings.encoding);

    const good = verify({ header: 'x-s', ...settings }, { 'x-s': settings.prefix + digest });
    const bad = verify({ header: 'x-s', ...settings }, { 'x-s': settings.prefix + digest }, 'other');
    const bare = settings.prefix === '' ? 'malformed' : digest;
    const unprefixed = verify({ header: 'x-s', ...settings }, { 'x-s': bare });

    expect(good).toEqual({ kind: 'verified', secret: 'current' });
    expect(bad).toEqual({ kind: 'refused', reason: 'mismatch' });
    expect(unprefixed).toEqual({ kind: 'refused', reason: 'malformed' });
  });

  it.each([
    ['v0:{timestamp}:{body}', 'unix-seconds', '1767225600', 'v0:1767225600:{"a":1}'],
    ['{timestamp}.{body}', 'unix-milliseconds', '1767225600000', '1767225600000.{"a":1}'],
    [
      '{body}{timestamp}',
      'http-date',
      'Thu, 01 Jan 2026 00:00:00 GMT',
      '{"a":1}Thu, 01 Jan 2026 00:00:00 GMT',
    ],
    [
      '{header:x-id}|{timestamp}|{body}',
      'iso-8601',
      '2026-01-01T00:00:00Z',
      'id-7|2026-01-01T00:00:00Z|{"a":1}',
    ],
  ] as const)('signs by the template %s with a time in %s', (signed, format, time, message) => {
    const settings = {
      header: 'x-s',
      algorithm: 'sha256',
      encoding: 'hex',
      signed,
      timestamp: { header: 'x-time', format },
    } as const;
    const headers = {
      'x-s': createHmac('sha256', 'secret').update(message).digest('hex'),
      'x-time': time,
      'x-id': 'id-7',
    };

    const good = verify(settings, headers);
    const otherTime = verify(settings, {
      ...headers,
      'x-time': time.replace('2', '3').replace('Thu', 'Fri'),
    });

    expect(good).toEqual({ kind: 'verified', secret: 'current', timestamp: 1_767_225_600_000 });
    expect(otherTime.kind).toBe('refused');
  });

  it.each([
    ['hex', '00ff10', Buffer.from('00ff10', 'hex')],
    ['base64', 'AP8QIA==', Buffer.from('AP8QIA==', 'base64')],
    ['whsec', `whsec_${Buffer.alloc(24, 1).toString('base64')}`, Buffer.alloc(24, 1)],
  ] as const)('can decode the key from %s', (key, secret, bytes) => {
    const settings = { header: 'x-s', algorithm: 'sha256', encoding: 'hex', key } as const;
    const headers = { 'x-s': createHmac('sha256', bytes).update(body).digest('hex') };

    expect(verify(settings, headers, secret).kind).toBe('verified');
    expect(verify(settings, headers, `${secret}!`)).toEqual({ kind: 'refused', reason: 'mismatch' });
  });

  it.each(['a,b', 'a b', 'a\tb', 'ä', 'a.b', 'x'.repeat(257)])(
    'row 14: refuses an ambiguous header: %j',
    (id) => {
      const settings = {
        header: 'x-s',
        algorithm: 'sha256',
        encoding: 'hex',
        signed: '{header:x-id}.{body}',
      } as const;
      const signature = createHmac('sha256', 'secret').update(`${id}.`).update(body).digest('hex');

      const verification = verify(settings, { 'x-s': signature, 'x-id': id });

      expect(verification).toEqual({ kind: 'refused', reason: 'malformed' });
    },
  );

  it('row 14: refuses a request with a body when its template leaves the body unsigned', () => {
    const settings = {
      header: 'x-s',
      algorithm: 'sha256',
      encoding: 'hex',
      signed: '{header:x-id}',
    } as const;
    const headers = { 'x-s': createHmac('sha256', 'secret').update('id-7').digest('hex'), 'x-id': 'id-7' };

    expect(verify(settings, headers, 'secret', Buffer.alloc(0)).kind).toBe('verified');
    expect(verify(settings, headers, 'secret', body)).toEqual({ kind: 'refused', reason: 'malformed' });
  });

  it.each([
    [{}, 'header, algorithm, encoding'],
    [{ header: 'x-s', algorithm: 'md5', encoding: 'hex' }, 'algorithm'],
    [{ header: 'x-s', algorithm: 'none', encoding: 'hex' }, 'algorithm'],
    [{ header: 'X S', algorithm: 'sha256', encoding: 'hex' }, 'header'],
    [{ header: 'x-s', algorithm: 'sha256', encoding: 'hex', prefix: 'a b' }, 'prefix'],
    [{ header: 'x-s', algorithm: 'sha256', encoding: 'hex', optional: true }, 'an unknown one'],
    [null, 'an unknown one'],
  ])('refuses the settings %j and names the error', (settings, names) => {
    expect(() => genericHmac(settings)).toThrow(`these settings are missing or wrong: ${names}.`);
  });

  it.each(['{unknown}', '{body', 'body}', '{header:X}', '{header:}', '{{body}}', '{body}{body}', 'text', ''])(
    'row 14: refuses the template %j',
    (signed) => {
      expect(() => genericHmac({ header: 'x-s', algorithm: 'sha256', encoding: 'hex', signed })).toThrow(
        /^Signature scheme: /,
      );
    },
  );
});
