/** The cost of a signature check is constant, whatever is wrong. The real functions run and the tests count them. */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { metaSignature } from '../../lib/signatures/schemes.ts';
import { verifySignedRequest } from '../../lib/signatures/signed-request.ts';
import { verifySignature } from '../../lib/signatures/verify-signature.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import meta from '../vectors/signatures/meta.json' with { type: 'json' };

const now = () => meta.signedRequest.issuedAtSeconds * 1000;
const { secret, text } = meta.signedRequest;
const body = Buffer.from('{"object":"instagram"}');
const header = `sha256=${crypto.createHmac('sha256', secret).update(body).digest('hex')}`;
const right = new Secret(secret);
const wrong = new Secret('wrong');

const hmacs: object = Object.getPrototypeOf(crypto.createHmac('sha256', 'any'));
const update = vi.spyOn(hmacs as ReturnType<typeof crypto.createHmac>, 'update');
const createHmac = vi.spyOn(crypto, 'createHmac');
const timingSafeEqual = vi.spyOn(crypto, 'timingSafeEqual');

beforeAll(() => syncBuiltinESMExports());
beforeEach(() => vi.clearAllMocks());
afterAll(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

describe('a check of a signature', () => {
  it.each([
    ['is right under the current secret', metaSignature, header, [right], 'verified'],
    ['is right under the previous secret', metaSignature, header, [wrong, right], 'verified'],
    ['is right under the last of four', metaSignature, header, [wrong, wrong, wrong, right], 'verified'],
    ['is wrong', metaSignature, header, [wrong], 'refused'],
    ['is missing', metaSignature, '', [right], 'refused'],
    ['is malformed', metaSignature, 'sha256=zz', [right], 'refused'],
    ['meets no secret', metaSignature, header, [], 'refused'],
    ['meets an empty secret', metaSignature, header, [new Secret('')], 'refused'],
    ['meets an unknown app', undefined, header, [right], 'refused'],
  ])('row 16: costs four computations over the body when it %s', (_when, scheme, value, secrets, kind) => {
    const request = { method: 'POST', headers: { 'x-hub-signature-256': value }, body };

    const verification = verifySignature(scheme, request, secrets, now);

    expect(verification.kind).toBe(kind);
    expect(createHmac).toHaveBeenCalledTimes(4);
    expect(update.mock.calls).toEqual(Array.from({ length: 4 }, () => [body]));
  });

  it.each([
    ['is right', header],
    ['differs in its first byte', `${header.slice(0, 7)}00${header.slice(9)}`],
    ['differs in its last byte', `${header.slice(0, -2)}00`],
  ])('row 16: compares all bytes in constant time, under every secret, when it %s', (_when, value) => {
    const request = { method: 'POST', headers: { 'x-hub-signature-256': value }, body };

    verifySignature(metaSignature, request, [right, wrong, wrong], now);

    expect(timingSafeEqual).toHaveBeenCalledTimes(4);
  });

  it.each([
    ['is right', text, [right], 'verified'],
    ['is wrong', text, [wrong], 'refused'],
    ['is missing', '', [right], 'refused'],
    ['meets no secret', text, [], 'refused'],
  ])('row 16: of a signed_request costs four computations when it %s', (_when, value, secrets, kind) => {
    const request = { body: Buffer.from(`signed_request=${value}`) };

    const verification = verifySignedRequest(request, secrets, now);

    expect(verification.kind).toBe(kind);
    expect(createHmac).toHaveBeenCalledTimes(4);
  });
});
