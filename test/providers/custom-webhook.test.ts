/** Custom webhooks: which descriptions an operator may register, and what the reader takes from a delivery. */
import { describe, expect, it } from 'vitest';
import { customWebhook } from '../../lib/providers/custom-webhook.ts';
import { standardWebhooksSignature } from '../../lib/signatures/schemes.ts';
import generic from '../vectors/signatures/generic-hmac.json' with { type: 'json' };

const app = { clientId: 'client', settings: {} };
const hmac = { header: 'x-signature', algorithm: 'sha256', encoding: 'hex' };
const described = (description: object) => customWebhook(JSON.stringify(description));
const delivery = (content: unknown, headers: Readonly<Record<string, string>> = {}) => ({
  content,
  headers,
  body: Buffer.from(JSON.stringify(content) ?? ''),
});

describe('the description of a custom webhook', () => {
  it('for Standard Webhooks needs only the path of the account', () => {
    expect(described({ signature: 'standard-webhooks', account: 'data.user' })).toMatchObject({
      scheme: standardWebhooksSignature,
      signedWith: 'webhookSecret',
    });
  });

  it('accepts the settings of a generic HMAC', () => {
    const { scheme } = described({ signature: generic.github.settings, account: 'sender.id' });

    expect(scheme).toMatchObject({ signature: { header: 'x-hub-signature-256', prefix: 'sha256=' } });
  });

  it.each([
    ['not JSON', 'webhook', 'no JSON'],
    ['not an object', '[]', 'missing or wrong'],
    ['without an account', JSON.stringify({ signature: hmac }), 'account'],
    ['without a signature', JSON.stringify({ account: 'a' }), 'signature'],
    ['with an unknown field', JSON.stringify({ signature: hmac, account: 'a', more: 1 }), 'unknown'],
    ['with an empty path segment', JSON.stringify({ signature: hmac, account: 'a..b' }), 'account'],
    [
      'with an invalid header name',
      JSON.stringify({ signature: { ...hmac, header: 'x y' }, account: 'a' }),
      'header',
    ],
    [
      'whose signature leaves out the body',
      JSON.stringify({ signature: { ...hmac, signed: '{header:x-id}' }, account: 'a' }),
      'body is not signed',
    ],
    [
      'that revokes access without a declared time',
      JSON.stringify({ signature: hmac, account: 'a', deauthorized: ['gone'] }),
      'must say when',
    ],
    [
      'that tolerates a delivery for longer than its id is remembered',
      JSON.stringify({
        signature: {
          ...hmac,
          signed: '{timestamp}.{body}',
          timestamp: { header: 'x-time', format: 'unix-seconds', toleranceSeconds: 14 * 86_400 + 1 },
        },
        account: 'a',
      }),
      'at most 14 days',
    ],
    [
      'whose id is in an unsigned header',
      JSON.stringify({ signature: hmac, account: 'a', id: { header: 'x-id' } }),
      'not signed',
    ],
  ])('is refused when it is %s', (_what, json, word) => {
    expect(() => customWebhook(json)).toThrow(word);
  });

  it('is refused without repeating its values', () => {
    expect(() => customWebhook('{"signature":"s4ndb0x","account":"s4ndb0x!"}')).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('s4ndb0x') }),
    );
  });
});

describe('a delivery of a custom webhook', () => {
  const standard = described({
    signature: 'standard-webhooks',
    account: 'data.user',
    deauthorized: ['user.gone'],
  });
  const payload = { type: 'post.made', timestamp: '2026-01-01T00:00:00Z', data: { user: 17 } };

  it("of Standard Webhooks is read from the standard's headers and fields", () => {
    expect(standard.read(delivery(payload, { 'webhook-id': 'msg_1' }), app)).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{64}$/),
        type: 'post.made',
        effect: 'none',
        accountId: '17',
        occurredAt: Date.UTC(2026, 0, 1),
        data: payload,
      },
    ]);
  });

  it('takes its id from the declared header, even when it is repeated with another body', () => {
    const idOf = (id: string, content: unknown) =>
      standard.read(delivery(content, { 'webhook-id': id }), app)?.[0]?.id;

    expect(idOf('msg_1', payload)).toBe(idOf('msg_1', { ...payload, again: true }));
    expect(idOf('msg_1', payload)).not.toBe(idOf('msg_2', payload));
  });

  it('reports a revoked grant when its type is declared as deauthorized', () => {
    const gone = standard.read(delivery({ ...payload, type: 'user.gone' }, { 'webhook-id': 'm' }), app);

    expect(gone).toMatchObject([{ type: 'user.gone', effect: 'deauthorized' }]);
  });

  it('is read at the declared paths', () => {
    const webhook = described({
      signature: hmac,
      account: 'who.id',
      id: 'event.id',
      type: 'event.kind',
      time: { path: 'event.at', format: 'unix-seconds' },
      resourceKey: 'post.id',
    });
    const content = {
      who: { id: 'a-1' },
      event: { id: 'e-1', kind: 'k', at: 1_767_225_600 },
      post: { id: 'p' },
    };

    expect(webhook.read(delivery(content), app)).toMatchObject([
      { type: 'k', accountId: 'a-1', resourceKey: 'p', occurredAt: Date.UTC(2026, 0, 1), data: content },
    ]);
    const again = webhook.read(delivery({ ...content, noise: 2 }), app);
    expect(again?.[0]?.id).toBe(webhook.read(delivery(content), app)?.[0]?.id);
  });

  it('without an id uses a hash of its whole body as its id', () => {
    const webhook = described({ signature: hmac, account: 'who' });
    const idOf = (content: unknown) => webhook.read(delivery(content), app)?.[0]?.id;

    expect(idOf({ who: 'a' })).toBe(idOf({ who: 'a' }));
    expect(idOf({ who: 'a' })).not.toBe(idOf({ who: 'b' }));
  });

  it.each([
    ['an account that no connection can have', { who: 'x'.repeat(600) }],
    ['an account that is an object', { who: {} }],
    ['no account', {}],
    ['a list', [1]],
    ['a text', 'hello'],
  ])('that holds %s yields an event without an account', (_what, content) => {
    const webhook = described({ signature: hmac, account: 'who' });

    const [event] = webhook.read(delivery(content), app) ?? [];

    expect(event).toMatchObject({ type: 'webhook', effect: 'none' });
    expect(event?.accountId).toBeUndefined();
  });

  it('that is not JSON yields no event', () => {
    const webhook = described({ signature: hmac, account: 'who' });

    expect(webhook.read({ ...delivery(undefined), body: Buffer.from('hello') }, app)).toBeUndefined();
  });
});
