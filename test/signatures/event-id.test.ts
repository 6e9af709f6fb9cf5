/** Hashed event ids, for platforms that send none: equal for equal fields, and different otherwise. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashedId } from '../../lib/signatures/event-id.ts';
import tiktok from '../vectors/signatures/tiktok.json' with { type: 'json' };

const fieldsOf = (body: string): readonly string[] => {
  const event: Readonly<Record<string, unknown>> = JSON.parse(body);
  return ['client_key', 'event', 'user_openid', 'create_time', 'content'].map((name) => String(event[name]));
};

describe('a hashed event id', () => {
  it.each(tiktok.eventIds)("row 15: equals TikTok's vector $id", ({ body, id }) => {
    expect(hashedId(fieldsOf(body))).toBe(id);
  });

  it.each(tiktok.eventIds)('row 15: changes with every single field', ({ body, id }) => {
    const fields = fieldsOf(body);

    const others = fields.map((_, changed) =>
      hashedId(fields.map((field, at) => (at === changed ? `${field} ` : field))),
    );

    expect(new Set([id, ...others]).size).toBe(fields.length + 1);
  });

  it('row 15: is equal only for equal parts', () => {
    const part = fc.oneof(
      fc.string({
        unit: fc.constantFrom('\n', 'a', ':', '1', '\ud800', '\udc00', '\ufffd', '\u00ff'),
        maxLength: 3,
      }),
      fc.string({ unit: 'binary', maxLength: 5 }),
    );
    const deps = fc.array(part, { maxLength: 4 });
    fc.assert(
      fc.property(deps, deps, (left, right) => {
        expect(hashedId(left) === hashedId(right)).toBe(JSON.stringify(left) === JSON.stringify(right));
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    [['a', 'b'], ['a\nb']],
    [
      ['a', 'b\nc'],
      ['a', 'b', 'c'],
    ],
    [['', ''], ['\n']],
    [[], ['']],
    [['\ud800'], ['\ufffd']],
    [
      ['a\n', 'b'],
      ['a', '\nb'],
    ],
    [['\n', '', ''], ['\n\u3a3a']],
  ])('row 15: of %j differs from that of %j', (left, right) => {
    expect(hashedId(left)).not.toBe(hashedId(right));
  });
});
