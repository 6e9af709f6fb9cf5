/** Meta's `signed_request`: the signature is over the text as received, and only digits name a user. */
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifySignedRequest } from '../../lib/signatures/signed-request.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import { textsFlipped } from '../support/signatures/requests.ts';
import meta from '../vectors/signatures/meta.json' with { type: 'json' };

const vector = meta.signedRequest;
const secret = new Secret(vector.secret);
const issuedAt = vector.issuedAtSeconds;
const form = (text: string) => ({
  body: Buffer.from(new URLSearchParams({ signed_request: text }).toString()),
});
const check = (text: string, seconds = issuedAt + 5, secrets: readonly Secret[] = [secret]) =>
  verifySignedRequest(form(text), secrets, () => seconds * 1000);
const verified = { kind: 'verified', userId: vector.userId, timestamp: issuedAt * 1000, secret: 'current' };

function sign(payload: unknown, key = vector.secret): string {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const encoded = Buffer.from(text).toString('base64url');
  return `${createHmac('sha256', key).update(encoded).digest('base64url')}.${encoded}`;
}

describe('a signed_request', () => {
  it('is accepted as in the vector', () => {
    expect(check(vector.text)).toEqual(verified);
  });

  it.each(vector.rejects)('row 14: is refused with $name', ({ text }) => {
    expect(check(text)).toEqual({ kind: 'refused', reason: 'mismatch' });
  });

  it('row 14: is refused after any one character changed', () => {
    const accepted = [...textsFlipped(vector.text)].filter((text) => check(text).kind !== 'refused');

    expect(accepted).toEqual([]);
  });

  it('is also accepted under the previous secret', () => {
    const secrets = [new Secret('current'), secret];

    expect(check(vector.text, issuedAt, secrets)).toEqual({ ...verified, secret: 'previous' });
  });

  it.each([
    ['no secrets', []],
    ['an empty secret', [new Secret('')]],
    ["another app's secret", [new Secret('other')]],
  ])('row 14: is refused under %s', (_name, secrets) => {
    expect(check(vector.text, issuedAt, secrets)).toEqual({ kind: 'refused', reason: 'mismatch' });
    expect(
      check(sign({ algorithm: 'HMAC-SHA256', user_id: '1', issued_at: issuedAt }, ''), issuedAt, secrets)
        .kind,
    ).toBe('refused');
  });

  it.each([
    [48 * 3_600, 'verified'],
    [48 * 3_600 + 1, 'refused'],
    [-300, 'verified'],
    [-301, 'refused'],
  ])('row 15: at an age of %d seconds is %s', (age, kind) => {
    expect(check(vector.text, issuedAt + age).kind).toBe(kind);
  });

  it.each([
    ['an algorithm of another name', { algorithm: 'HMAC-SHA1', user_id: '1', issued_at: issuedAt }],
    ['no algorithm', { user_id: '1', issued_at: issuedAt }],
    ['no user', { algorithm: 'HMAC-SHA256', issued_at: issuedAt }],
    ['a user that is no number', { algorithm: 'HMAC-SHA256', user_id: 'me', issued_at: issuedAt }],
    ['a user number that lost digits', { algorithm: 'HMAC-SHA256', user_id: 1e20, issued_at: issuedAt }],
    ['no time', { algorithm: 'HMAC-SHA256', user_id: '1' }],
    ['a time that is text', { algorithm: 'HMAC-SHA256', user_id: '1', issued_at: '1' }],
    ['a list', []],
    ['no JSON', 'text'],
  ])('is refused with %s, though it is signed', (_name, payload) => {
    expect(check(sign(payload))).toEqual({ kind: 'refused', reason: 'malformed' });
  });

  it.each([
    ['a page that was removed', { user_id: 0, profile_id: '77' }, { userId: '0', profileId: '77' }],
    ['a user as a number', { user_id: 2184712 }, { userId: '2184712' }],
    ['an algorithm in lower case', { user_id: '5', algorithm: 'hmac-sha256' }, { userId: '5' }],
  ])('is accepted with %s', (_name, fields, expected) => {
    const payload = { algorithm: 'HMAC-SHA256', issued_at: issuedAt, ...fields };

    expect(check(sign(payload))).toEqual({
      ...expected,
      kind: 'verified',
      timestamp: issuedAt * 1000,
      secret: 'current',
    });
  });

  it.each([
    ['nothing', '', 'missing'],
    ['another field', 'other=1', 'missing'],
    ['an empty field', 'signed_request=', 'missing'],
    ['the field twice', `signed_request=${vector.text}&signed_request=${vector.text}`, 'malformed'],
    ['no dot', `signed_request=${vector.text.replace('.', '')}`, 'malformed'],
    ['two dots', `signed_request=${vector.text}.`, 'malformed'],
    ['padding', `signed_request=${vector.text}%3D%3D`, 'malformed'],
    ['a signature of another length', `signed_request=AAAA.${vector.text.split('.')[1]}`, 'malformed'],
    ['a text without end', `signed_request=${vector.text}${'A'.repeat(8_192)}`, 'malformed'],
  ])('is refused in a form with %s', (_name, body, reason) => {
    const verification = verifySignedRequest({ body: Buffer.from(body) }, [secret], () => issuedAt * 1000);

    expect(verification).toEqual({ kind: 'refused', reason });
  });

  it('never makes the check throw, whatever the body', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.string({ unit: 'binary' }), (bytes, text) => {
        const bodies = [bytes, form(text).body, form(sign(text)).body];

        const kinds = bodies.map(
          (body) => verifySignedRequest({ body }, [secret], () => issuedAt * 1000).kind,
        );

        expect(new Set(kinds)).toEqual(new Set(['refused']));
      }),
    );
  });
});
