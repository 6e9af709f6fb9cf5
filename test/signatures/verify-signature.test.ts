/** The signature check that every scheme shares: how it treats secrets, and how strict it is. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asanaSignature, klaviyoSignature, metaSignature } from '../../lib/signatures/schemes.ts';
import type { SignedRequest } from '../../lib/signatures/verification.ts';
import { verifySignature } from '../../lib/signatures/verify-signature.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import { requestOf, vectors } from '../support/signatures/requests.ts';
import { at, body, mac, meta, post, signedAt } from '../support/signatures/signing.ts';

/** Counts how often it was read. */
class WatchedSecret extends Secret {
  reads = 0;
  override reveal(): string {
    this.reads += 1;
    return super.reveal();
  }
}

describe('the secrets of a signature check', () => {
  it.each([
    ['current', 'current'],
    ['previous', 'previous'],
    ['oldest', 'previous'],
  ] as const)('accept a signature of the %s one, and report which one matched', (signer, secret) => {
    const secrets = ['current', 'previous', 'oldest'].map((text) => new Secret(text));

    const verification = verifySignature(metaSignature, meta(signer), secrets, at(signedAt));

    expect(verification).toEqual({ kind: 'verified', secret });
  });

  it('row 14: refuse every request when the list is empty', () => {
    const verification = verifySignature(metaSignature, meta(''), [], at(signedAt));

    expect(verification).toEqual({ kind: 'refused', reason: 'mismatch' });
  });

  it('row 14: refuse a signature made with an empty secret', () => {
    const answers = vectors.map(({ scheme, ...vector }) =>
      verifySignature(scheme, requestOf(vector), [new Secret(''), new Secret('')], at(signedAt)),
    );
    const emptyKey = verifySignature(metaSignature, meta(''), [new Secret('')], at(signedAt));

    expect(new Set([...answers, emptyKey].map(({ kind }) => kind))).toEqual(new Set(['refused']));
  });

  it('still match when another one is empty', () => {
    const secrets = [new Secret(''), new Secret('other')];

    const verification = verifySignature(metaSignature, meta('other'), secrets, at(signedAt));

    expect(verification).toEqual({ kind: 'verified', secret: 'previous' });
  });

  it('row 14: refuse every request under an unknown scheme', () => {
    const verification = verifySignature(undefined, meta('known'), [new Secret('known')], at(signedAt));

    expect(verification).toEqual({ kind: 'refused', reason: 'mismatch' });
  });

  it.each([
    ['the first one matches', meta('a')],
    ['none matches', meta('z')],
    ['there is no signature', post({})],
    ['the signature is malformed', post({ 'x-hub-signature-256': 'sha256=zz' })],
  ])('row 16: are all tried even when %s', (_when, request) => {
    const secrets = ['a', 'b', 'c'].map((text) => new WatchedSecret(text));

    verifySignature(metaSignature, request, secrets, at(signedAt));

    expect(secrets.map(({ reads }) => reads)).toEqual([1, 1, 1]);
  });

  it('do not appear in the result', () => {
    const secrets = [new Secret('s4ndb0x-webhook-secret')];

    const answers = [meta('s4ndb0x-webhook-secret'), meta('other'), post({})].map((request) =>
      verifySignature(metaSignature, request, secrets, at(signedAt)),
    );

    expect(JSON.stringify(answers)).not.toContain('s4ndb0x');
  });
});

describe('a request signature', () => {
  const secrets = [new Secret('secret')];
  const hex = mac('secret', body);
  const asana = (signature: string) =>
    verifySignature(asanaSignature, post({ 'x-hook-signature': signature }), secrets, at(signedAt));

  it('row 14: is refused in upper-case or mixed-case hexadecimal', () => {
    expect(asana(hex).kind).toBe('verified');
    expect(asana(hex.toUpperCase())).toEqual({ kind: 'refused', reason: 'malformed' });
    expect(asana(hex.replace(/[a-f]/, (letter) => letter.toUpperCase())).kind).toBe('refused');
  });

  it('row 16: of any other length is malformed, even with the right prefix', () => {
    const lengths = Array.from({ length: 140 }, (_, length) => (hex + hex + hex).slice(0, length));

    const reasons = lengths.filter((text) => text.length !== 64).map((text) => asana(text));

    expect(reasons[0]).toEqual({ kind: 'refused', reason: 'missing' });
    expect(new Set(reasons.slice(1).map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify({ kind: 'refused', reason: 'malformed' })]),
    );
  });

  it('row 16: that differs in the first or the last byte gets the same result', () => {
    const first = asana((hex.startsWith('0') ? '1' : '0') + hex.slice(1));
    const last = asana(hex.slice(0, -1) + (hex.endsWith('0') ? '1' : '0'));

    expect(first).toEqual({ kind: 'refused', reason: 'mismatch' });
    expect(last).toEqual(first);
  });

  it("row 14: is refused when bytes move between Klaviyo's body and the date behind it", () => {
    const date = 'Thu, 09 Oct 2025 08:53:20 GMT';
    const text = '{"meta":{"klaviyo_webhook_id":"one"}}';
    const signature = mac('secret', text, date);
    const split = (cut: number): SignedRequest => ({
      method: 'POST',
      headers: {
        'klaviyo-signature': signature,
        'klaviyo-webhook-id': 'one',
        'klaviyo-timestamp': (text + date).slice(cut),
      },
      body: Buffer.from((text + date).slice(0, cut)),
    });

    const cuts = Array.from({ length: text.length + date.length }, (_, cut) => cut);
    const accepted = cuts.filter(
      (cut) => verifySignature(klaviyoSignature, split(cut), secrets, at(signedAt)).kind === 'verified',
    );

    expect(accepted).toEqual([text.length]);
    expect(verifySignature(klaviyoSignature, split(text.length - 1), secrets, at(signedAt))).toEqual({
      kind: 'refused',
      reason: 'malformed',
    });
  });

  it('row 14: is never read from inherited properties', () => {
    const verification = verifySignature(
      metaSignature,
      { method: 'POST', headers: Object.create({ ...meta('secret').headers }), body },
      secrets,
      at(signedAt),
    );

    expect(verification).toEqual({ kind: 'refused', reason: 'missing' });
  });

  it('row 14: is accepted only for its own secret and bytes, whatever they are', () => {
    const texts = fc.string({ unit: 'binary', minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(
        texts,
        texts,
        fc.uint8Array({ maxLength: 300 }),
        fc.uint8Array({ maxLength: 300 }),
        (key, other, sent, seen) => {
          const request = {
            method: 'POST',
            headers: { 'x-hub-signature-256': `sha256=${mac(key, sent)}` },
            body: seen,
          };

          const verification = verifySignature(metaSignature, request, [new Secret(other)], at(signedAt));

          const same = Buffer.from(key).equals(Buffer.from(other)) && Buffer.from(sent).equals(seen);
          expect(verification.kind).toBe(same ? 'verified' : 'refused');
        },
      ),
    );
  });

  it('row 14: never makes the check throw, whatever header and body hold', () => {
    const headers = fc.dictionary(
      fc.constantFrom(...vectors.flatMap((vector) => Object.keys(vector.headers))),
      fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('t=1,s=', 'v1,', 'v0=', '=', ',', 't==,s==')),
    );
    fc.assert(
      fc.property(fc.constantFrom(...vectors), headers, fc.uint8Array(), (vector, altered, bytes) => {
        const request = { method: 'POST', headers: { ...vector.headers, ...altered }, body: bytes };

        const verification = verifySignature(
          vector.scheme,
          request,
          [new Secret(vector.secret)],
          at(signedAt),
        );

        expect(verification.kind).toBe('refused');
      }),
    );
  });
});
