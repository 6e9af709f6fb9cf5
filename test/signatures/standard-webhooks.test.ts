/** Standard Webhooks in both directions: we send what the standard publishes, and accept senders that rotate secrets. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { standardWebhooksSignature } from '../../lib/signatures/schemes.ts';
import { newStandardWebhookSecret, signStandardWebhook } from '../../lib/signatures/standard-webhooks.ts';
import { verifySignature } from '../../lib/signatures/verify-signature.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import { clockOf, requestOf } from '../support/signatures/requests.ts';
import standard from '../vectors/signatures/standard-webhooks.json' with { type: 'json' };

const [published] = standard.cases;
const several = standard.severalSignatures;
const publishedSecret = new Secret(published?.secret ?? '');
const body = Buffer.from('{"type":"connection.created"}');
const sentAt = 1_767_225_600_500;
const outgoing = { id: 'msg_1', timestamp: sentAt, body };
const secretOf = (bytes: number) => new Secret(`whsec_${Buffer.alloc(bytes, 7).toString('base64')}`);
const check = (headers: Record<string, string>, secrets: readonly Secret[], now = sentAt) =>
  verifySignature(standardWebhooksSignature, { method: 'POST', headers, body }, secrets, () => now);

describe('an outgoing Standard Webhook', () => {
  it('has the signature of the published vector', () => {
    const headers = signStandardWebhook(
      {
        id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
        timestamp: 1_614_265_330_000,
        body: Buffer.from('{"test": 2432232314}'),
      },
      [publishedSecret],
    );

    expect(headers).toEqual(published?.headers);
  });

  it('verifies under each secret that signed it, and under no other', () => {
    const [current, previous, other] = [1, 2, 3].map(newStandardWebhookSecret);
    if (!current || !previous || !other) throw new Error('three secrets');

    const headers = signStandardWebhook(outgoing, [current, previous]);

    expect(headers['webhook-signature']).toMatch(/^v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}=$/);
    expect(check(headers, [current])).toEqual({
      kind: 'verified',
      secret: 'current',
      timestamp: 1_767_225_600_000,
    });
    expect(check(headers, [previous]).kind).toBe('verified');
    expect(check(headers, [other, previous])).toMatchObject({ kind: 'verified', secret: 'previous' });
    expect(check(headers, [other])).toEqual({ kind: 'refused', reason: 'mismatch' });
  });

  it('verifies with any id and body', () => {
    const ids = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
    const times = fc.integer({ min: 1_000, max: 4_102_444_800_000 });
    fc.assert(
      fc.property(
        ids,
        times,
        fc.uint8Array(),
        fc.integer({ min: 24, max: 64 }),
        (id, timestamp, bytes, length) => {
          const secret = secretOf(length);
          const headers = signStandardWebhook({ id, timestamp, body: bytes }, [secret]);
          const request = { method: 'POST', headers, body: bytes };

          const verification = verifySignature(standardWebhooksSignature, request, [secret], () => timestamp);

          expect(verification.kind).toBe('verified');
        },
      ),
    );
  });

  it.each(['', 'a.b', 'a b', 'a,b', 'ä', 'a\n'])('is not signed under the id %j', (id) => {
    expect(() => signStandardWebhook({ ...outgoing, id }, [secretOf(32)])).toThrow('A webhook id is');
  });

  it.each([
    ['no secret', []],
    ['an empty secret', [new Secret('')]],
    ['a prefix without a secret', [new Secret('whsec_')]],
    ['23 bytes', [secretOf(23)]],
    ['65 bytes', [secretOf(65)]],
    ['a secret that is no base64', [new Secret('whsec_s4ndb0x-not-base64!')]],
    ['a good secret beside a bad one', [secretOf(32), new Secret('')]],
  ])('row 14: is not signed with %s, and the error holds no secret', (_name, secrets) => {
    expect(() => signStandardWebhook(outgoing, secrets)).toThrow(
      expect.objectContaining({ message: expect.not.stringMatching(/s4ndb0x|BwcH/) }),
    );
  });

  it('has a secret of 256 random bits', () => {
    const secrets = new Set(Array.from({ length: 50 }, () => newStandardWebhookSecret().reveal()));

    expect(secrets.size).toBe(50);
    for (const secret of secrets)
      expect(Buffer.from(secret.replace('whsec_', ''), 'base64')).toHaveLength(32);
  });
});

describe('an incoming Standard Webhook', () => {
  it('may hold several signatures, one of which is valid', () => {
    const verification = verifySignature(
      standardWebhooksSignature,
      requestOf(several),
      [new Secret(several.secret)],
      clockOf(several),
    );

    expect(verification).toMatchObject({ kind: 'verified', secret: 'current' });
  });

  it('may hold signatures of future versions, in any form without commas', () => {
    const headers = signStandardWebhook(outgoing, [secretOf(32)]);
    const later = { ...headers, 'webhook-signature': `v1a,short v9,!! ${headers['webhook-signature']}` };

    expect(check(later, [secretOf(32)]).kind).toBe('verified');
  });

  it.each([-301_000, 301_000])('row 15: is stale when its timestamp is %d milliseconds off', (off) => {
    const whole = Math.floor(sentAt / 1000) * 1000;
    const headers = signStandardWebhook(outgoing, [secretOf(32)]);

    expect(check(headers, [secretOf(32)], whole + off)).toEqual({ kind: 'refused', reason: 'stale' });
  });

  it('row 14: is refused when bytes move between id, time and body', () => {
    const secret = secretOf(32);
    const headers = signStandardWebhook({ id: 'a', timestamp: sentAt, body: Buffer.from('5.{}') }, [secret]);
    const seconds = headers['webhook-timestamp'];
    const moved = [
      { 'webhook-id': `a.${seconds}`, 'webhook-timestamp': '5', body: '{}' },
      { 'webhook-id': 'a', 'webhook-timestamp': `${seconds}.5`, body: '{}' },
      { 'webhook-id': `a.${seconds}.5`, 'webhook-timestamp': '', body: '{}' },
    ];

    const kinds = moved.map(({ body: text, ...other }) =>
      verifySignature(
        standardWebhooksSignature,
        { method: 'POST', headers: { ...headers, ...other }, body: Buffer.from(text) },
        [secret],
        () => 5_000,
      ),
    );

    expect(kinds.map(({ kind }) => kind)).toEqual(['refused', 'refused', 'refused']);
  });

  it('row 14: is refused with more signatures than a rotation needs, even when one is valid', () => {
    const headers = signStandardWebhook(outgoing, [secretOf(32)]);
    const signature = headers['webhook-signature'];
    const repeated = (times: number) => ({
      ...headers,
      'webhook-signature': Array(times).fill(signature).join(' '),
    });

    expect(check(repeated(10), [secretOf(32)]).kind).toBe('verified');
    expect(check(repeated(11), [secretOf(32)])).toEqual({ kind: 'refused', reason: 'malformed' });
  });

  it('row 14: is refused unless its base64 is padded and has no stray bits', () => {
    const headers = signStandardWebhook(outgoing, [secretOf(32)]);
    const signature = headers['webhook-signature'];
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const last = alphabet.indexOf(signature.at(-2) ?? '');
    const spellings = [
      signature.slice(0, -1),
      `${signature}=`,
      `${signature.slice(0, -2)}${alphabet[last + 1]}=`,
      signature.replaceAll('+', '-').replaceAll('/', '_').replace('=', ''),
    ];

    const kinds = spellings.map(
      (text) => check({ ...headers, 'webhook-signature': text }, [secretOf(32)]).kind,
    );

    expect(kinds).toEqual(['refused', 'refused', 'refused', 'refused']);
  });
});
