/** Shared tokens: platforms repeat them in each request, as Google's channels do. */
import { describe, expect, it } from 'vitest';
import { googleChannelSignature } from '../../lib/signatures/schemes.ts';
import { googleChannelToken, isSharedToken } from '../../lib/signatures/shared-token.ts';
import type { SignedRequest } from '../../lib/signatures/verification.ts';
import { verifySignature } from '../../lib/signatures/verify-signature.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import { headersFlipped, textsFlipped } from '../support/signatures/requests.ts';
import google from '../vectors/signatures/google.json' with { type: 'json' };
import microsoft from '../vectors/signatures/microsoft-graph.json' with { type: 'json' };

const { channel } = google;
const now = () => 1_767_225_600_000;

describe('a shared token', () => {
  it.each([
    ['the channel token of the vector', channel.token, channel.token, true],
    ['a channel token that differs in its last character', 'tok-7f3d', channel.token, false],
    ['the clientState of the vector', microsoft.clientState.stored, microsoft.clientState.stored, true],
    ['a clientState in another case', microsoft.clientState.refused, microsoft.clientState.stored, false],
    ['nothing', undefined, channel.token, false],
    ['an empty text where the secret is empty', '', '', false],
    ['a number', 5, '5', false],
    ['a list', ['tok-7f3c'], channel.token, false],
  ])('row 14: %s', (_name, presented, stored, expected) => {
    expect(isSharedToken(presented, [new Secret(stored)])).toBe(expected);
  });

  it('row 16: is compared with every secret, even after a match', () => {
    class Watched extends Secret {
      reads = 0;
      override reveal(): string {
        this.reads += 1;
        return super.reveal();
      }
    }
    const secrets = ['a', 'b', 'c'].map((text) => new Watched(text));

    const answers = ['a', 'c', 'z', '', undefined].map((presented) => isSharedToken(presented, secrets));

    expect(answers).toEqual([true, true, false, false, false]);
    expect(secrets.map(({ reads }) => reads)).toEqual([5, 5, 5]);
  });

  it('row 14: never matches without secrets', () => {
    expect(isSharedToken('', [])).toBe(false);
    expect(isSharedToken('a', [])).toBe(false);
  });

  it('row 16: is refused after any one character changed', () => {
    const accepted = [...textsFlipped(channel.token)].filter((text) =>
      isSharedToken(text, [new Secret(channel.token)]),
    );

    expect(accepted).toEqual([]);
  });
});

describe("Google's channels", () => {
  const secret = new Secret('s4ndb0x-channel-secret');
  const request: SignedRequest = {
    method: 'POST',
    headers: {
      'x-goog-channel-id': channel.id,
      'x-goog-channel-token': googleChannelToken(channel.id, secret).reveal(),
      'x-goog-resource-state': 'exists',
    },
    body: Buffer.alloc(0),
  };
  const verify = (altered: SignedRequest, secrets = [secret]) =>
    verifySignature(googleChannelSignature, altered, secrets, now);

  it('verify by the token derived from their id, without a lookup', () => {
    expect(verify(request)).toEqual({ kind: 'verified', secret: 'current' });
    expect(verify(request, [new Secret('new'), secret])).toEqual({ kind: 'verified', secret: 'previous' });
  });

  it("have tokens within Google's limits that reveal nothing", () => {
    const token = googleChannelToken(channel.id, secret);

    expect(token.reveal()).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(String(token)).toBe('[redacted]');
    expect(() => googleChannelToken(channel.id, new Secret(''))).toThrow('not empty');
  });

  it('row 14: are refused after any one character of id or token changed', () => {
    const { 'x-goog-resource-state': _unsigned, ...signed } = request.headers;
    const accepted = [...headersFlipped({ ...request, headers: signed })].filter(
      (altered) => verify(altered).kind !== 'refused',
    );

    expect(accepted).toEqual([]);
  });

  it.each([
    ['without a token', { 'x-goog-channel-id': channel.id }, ''],
    [
      'with the token of the vector, which is not derived',
      { ...request.headers, 'x-goog-channel-token': channel.token },
      '',
    ],
    ["with another channel's token", { ...request.headers, 'x-goog-channel-id': 'another' }, ''],
    ['with a body, which nothing signs', request.headers, '{}'],
  ])('row 14: are refused %s', (_name, headers, body) => {
    expect(verify({ ...request, headers, body: Buffer.from(body) }).kind).toBe('refused');
  });
});
