/** TikTok's webhooks: what the reader takes from a body whose signature is verified. */
import { describe, expect, it } from 'vitest';
import { readTikTokEvent } from '../../../lib/platforms/tiktok/events.ts';

const clientId = 'ckexample123';
const delivery = {
  client_key: 'ckexample123',
  event: 'post.publish.complete',
  create_time: 1_763_599_990,
  user_openid: '-000ExampleOpenId',
  content: '{"publish_id":"v_inbox_file~v2.1","publish_type":"INBOX_SHARE"}',
};
const read = (changes: Readonly<Record<string, unknown>> = {}) =>
  readTikTokEvent({ ...delivery, ...changes }, clientId);

describe('a TikTok event', () => {
  it('carries the account, the resource, the time and its parsed content', () => {
    expect(read()).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{64}$/),
        type: 'post.publish.complete',
        effect: 'none',
        accountId: '-000ExampleOpenId',
        resourceKey: 'publish v_inbox_file~v2.1',
        occurredAt: 1_763_599_990_000,
        data: { publish_id: 'v_inbox_file~v2.1', publish_type: 'INBOX_SHARE' },
      },
    ]);
  });

  it('reports the grant as revoked when the user removed the authorization', () => {
    expect(read({ event: 'authorization.removed', content: '{"reason": 1 }' })).toMatchObject([
      { effect: 'deauthorized', data: { reason: 1 } },
    ]);
  });

  it('keeps every digit of a long number', () => {
    const [event] = read({ content: '{"post_id":7400000000000000001}' }) ?? [];

    expect(event?.data).toEqual({ post_id: '7400000000000000001' });
  });

  it.each([
    ['text', 'not json', { content: 'not json' }],
    ['a list', '[1]', { content: [1] }],
    ['nothing', 'null', { content: null }],
  ])('is passed on when its content is %s', (_what, content, data) => {
    expect(read({ content })).toMatchObject([{ data }]);
  });

  it('has no account when its account id is not valid for a connection', () => {
    for (const user_openid of ['', 'x'.repeat(129), 'a\u0000b', '\ud800']) {
      expect(read({ user_openid })?.[0]).not.toHaveProperty('accountId');
    }
    expect(read({ user_openid: undefined })?.[0]).not.toHaveProperty('accountId');
  });

  it('has no resource key when the resource id is too long for a key', () => {
    const content = JSON.stringify({ publish_id: 'x'.repeat(2_000) });

    expect(read({ content })?.[0]).not.toHaveProperty('resourceKey');
  });

  it.each(['client_key', 'event', 'user_openid', 'create_time', 'content'] as const)(
    'has another id when its %s differs',
    (name) => {
      const other = name === 'create_time' ? 1_763_599_991 : name === 'content' ? '{}' : 'other';
      const changed = { ...delivery, [name]: other };

      const [event] = readTikTokEvent(changed, changed.client_key) ?? [];

      expect(event?.id).not.toBe(read()?.[0]?.id);
    },
  );
});

describe('a TikTok body is refused when', () => {
  it.each([
    ['it names another client', { client_key: 'other' }],
    ['its event has no name', { event: '' }],
    ['its time is no whole second', { create_time: 1.5 }],
    ['its time is beyond what a date can hold', { create_time: 1e15 }],
    ['its time is text', { create_time: '1763599990' }],
    ['its content is no text', { content: {} }],
  ])('%s', (_what, changes) => {
    expect(read(changes)).toBeUndefined();
  });

  it.each([undefined, null, [], 'text', 7])('it is %s', (body) => {
    expect(readTikTokEvent(body, clientId)).toBeUndefined();
  });
});
