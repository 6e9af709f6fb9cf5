/** Meta's deliveries: the reader accepts every documented or observed shape, and derives an id that survives a retry. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readInstagramEvents } from '../../../lib/platforms/instagram/events.ts';
import type { PlatformEvent } from '../../../lib/providers/webhook-definition.ts';
import meta from '../../vectors/signatures/meta.json' with { type: 'json' };

const vector = meta.cases.find(({ name }) => name === 'Instagram');
const account = '17841400000000001';
const seconds = 1_760_000_000;
const envelope = (...entry: unknown[]) => ({ object: 'instagram', entry });
const change = (field: string, value: unknown, more: object = {}) =>
  envelope({ id: account, time: seconds, changes: [{ field, value }], ...more });
const messaging = (item: object, more: object = {}) =>
  envelope({
    id: account,
    time: seconds * 1000,
    messaging: [{ sender: { id: '1' }, timestamp: seconds * 1000 + 5, ...item }],
    ...more,
  });

function read(body: unknown): readonly PlatformEvent[] {
  const events = readInstagramEvents(body);
  if (!events) throw new Error('The delivery was refused.');
  return events;
}
function only(body: unknown): PlatformEvent {
  const [event, ...others] = read(body);
  if (!event || others.length > 0) throw new Error('One event was expected.');
  return event;
}

const comment = { id: '18000000000000001', from: { id: '9', username: 'fan' }, text: 'Très bien!' };

describe('a delivery from Meta', () => {
  it('is parsed as the vector states', () => {
    const event = only(JSON.parse(vector?.body ?? ''));

    expect(event).toMatchObject({
      type: 'comments',
      effect: 'none',
      accountId: account,
      occurredAt: seconds * 1000,
      data: { field: 'comments', value: { id: '18000000000000001', text: 'Très bien!' } },
    });
    expect(event).not.toHaveProperty('platformUserId');
    expect(event).not.toHaveProperty('resourceKey');
  });

  it('yields the same event in every documented or observed shape', () => {
    const direct = envelope({ id: account, time: seconds, field: 'comments', value: comment });

    const shapes = [change('comments', comment), direct, [change('comments', comment)], [direct]];

    expect(shapes.map(only)).toEqual(shapes.map(() => only(direct)));
  });

  it.each([undefined, null, 'text', 7, {}, { object: 'instagram' }, { object: 'instagram', entry: {} }, []])(
    'is refused when it is %j',
    (body) => {
      expect(readInstagramEvents(body)).toBeUndefined();
    },
  );

  it('about another object than Instagram yields no events', () => {
    expect(read({ object: 'page', entry: [{ id: '1', changes: [{ field: 'feed', value: {} }] }] })).toEqual(
      [],
    );
  });

  it('of a thousand updates in several entries is read completely, in order', () => {
    const entries = Array.from({ length: 40 }, (_, at) => ({
      id: String(at + 1),
      time: seconds,
      changes: Array.from({ length: 25 }, (__, number) => ({
        field: 'comments',
        value: { id: `${at}-${number}` },
      })),
    }));

    const events = read(envelope(...entries));

    expect(events.length).toBe(1_000);
    expect(new Set(events.map(({ id }) => id)).size).toBe(1_000);
    expect(events[999]).toMatchObject({ accountId: '40', data: { value: { id: '39-24' } } });
  });

  it('yields every valid update despite malformed ones beside it', () => {
    const events = read(
      envelope(
        null,
        { time: seconds, changes: [{ field: 'comments', value: comment }] },
        { id: 'x'.repeat(129), changes: [{ field: 'comments', value: comment }] },
        { id: account, time: seconds, changes: [7, { field: 'comments', value: comment }, {}] },
        { id: account, time: seconds },
      ),
    );

    expect(events.map(({ type }) => type)).toEqual(['unknown', 'comments', 'unknown', 'unknown']);
    expect(events.every(({ accountId }) => accountId === account)).toBe(true);
  });

  it('may name its account by a number, and keeps every digit of it', () => {
    expect(
      only(envelope({ id: 1_784, time: seconds, field: 'mentions', value: { media_id: '1' } })).accountId,
    ).toBe('1784');
    expect(only(change('comments', comment)).accountId).toBe(account);
  });
});

describe('a messaging event from Meta', () => {
  it.each([
    ['messages', { message: { mid: 'm-1', text: 'hi' } }],
    ['message_reactions', { reaction: { mid: 'm-1', action: 'react', reaction: 'love' } }],
    ['messaging_postbacks', { postback: { mid: 'm-1', title: 'Go', payload: 'go' } }],
    ['messaging_seen', { read: { mid: 'm-1' } }],
    ['messaging_referral', { referral: { ref: 'x' } }],
    ['messaging', { something: 'new' }],
  ])('gets the type %s from its content', (type, item) => {
    const event = only(messaging(item));

    expect(event).toMatchObject({ type, accountId: account, occurredAt: seconds * 1000 + 5 });
    expect(event.data).toMatchObject({ field: type, value: item });
  });

  it('that the account itself sent belongs to the account', () => {
    const echo = only(messaging({ sender: { id: account }, message: { mid: 'm-2', is_echo: true } }));

    expect(echo).toMatchObject({ type: 'messages', accountId: account });
  });
});

describe('the id of a Meta event', () => {
  const idOf = (body: unknown) => only(body).id;

  it('ignores the time of sending, which a retry may change', () => {
    const later = { time: seconds + 3_600 };

    expect(idOf(change('comments', comment, later))).toBe(idOf(change('comments', comment)));
    expect(idOf(change('new_field', { a: 1 }, later))).toBe(idOf(change('new_field', { a: 1 })));
  });

  it.each([
    ['a comment', change('comments', comment), change('comments', { ...comment, text: 'more' })],
    [
      'a comment named so',
      change('comments', { comment_id: '5' }),
      change('comments', { comment_id: '5', text: 'x' }),
    ],
    [
      'a mention in a comment',
      change('mentions', { media_id: '1', comment_id: '2' }),
      change('mentions', { comment_id: '2' }),
    ],
    [
      'insights',
      change('story_insights', { media_id: '1', reach: 5 }),
      change('story_insights', { media_id: '1', reach: 6 }),
    ],
    ['a message', messaging({ message: { mid: 'm' } }), messaging({ message: { mid: 'm', text: 'x' } })],
    [
      'a message told as a change',
      messaging({ message: { mid: 'm' } }),
      change('messages', { message: { mid: 'm' } }),
    ],
    ['a postback', messaging({ postback: { mid: 'm' } }), messaging({ postback: { mid: 'm', title: 'x' } })],
    [
      'fields in another order',
      change('new', { a: 1, b: { c: 2, d: 3 } }),
      change('new', { b: { d: 3, c: 2 }, a: 1 }),
    ],
  ])('is the same for %s', (_what, one, same) => {
    expect(idOf(same)).toBe(idOf(one));
  });

  it.each([
    ['fields', change('comments', { id: '1' }), change('live_comments', { id: '1' })],
    ['accounts', change('comments', { id: '1' }), change('comments', { id: '1' }, { id: '2' })],
    [
      'mentions of a post and in a comment',
      change('mentions', { media_id: '1' }),
      change('mentions', { comment_id: '1' }),
    ],
    [
      'a message and its deletion',
      messaging({ message: { mid: 'm' } }),
      messaging({ message: { mid: 'm', is_deleted: true } }),
    ],
    [
      'a reaction and its end',
      messaging({ reaction: { mid: 'm', action: 'react' } }),
      messaging({ reaction: { mid: 'm', action: 'unreact' } }),
    ],
    [
      'reactions at two times',
      messaging({ reaction: { mid: 'm', action: 'react' } }),
      messaging({ timestamp: 1, reaction: { mid: 'm', action: 'react' } }),
    ],
    ['readers', messaging({ read: { mid: 'm' } }), messaging({ sender: { id: '2' }, read: { mid: 'm' } })],
    ['messages without a name', messaging({ message: { text: 'a' } }), messaging({ message: { text: 'b' } })],
    [
      'a name and a content that says the same',
      change('comments', { id: '1' }),
      change('comments', { ID: '1' }),
    ],
  ])('differs between %s', (_what, one, other) => {
    expect(idOf(one)).not.toBe(idOf(other));
  });

  it('is the same for any two events with the same content', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 20 }), fc.jsonValue(), (field, value) => {
        const twice = [change(field, value), change(field, structuredClone(value), { time: 1 })];

        expect(idOf(twice[1])).toBe(idOf(twice[0]));
      }),
    );
  });
});

describe('the time of a Meta event', () => {
  it.each([
    ['seconds', seconds, seconds * 1000],
    ['milliseconds', seconds * 1000 + 1, seconds * 1000 + 1],
    ['a text', String(seconds), seconds * 1000],
  ])('is recognised by its size when it is in %s', (_unit, time, expected) => {
    expect(only(change('comments', comment, { time })).occurredAt).toBe(expected);
  });

  it.each([0, -1, Number.NaN, 1e300, 'soon', null, {}])('is undefined when it is %j', (time) => {
    expect(only(change('comments', comment, { time }))).not.toHaveProperty('occurredAt');
  });
});
