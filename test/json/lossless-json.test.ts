/** The lossless parser reads JSON as JavaScript does, except for integers beyond its safe range, which it returns as text. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLossless } from '../../lib/json.ts';

/** Every value looked at, as the slow way does. */
function parseSlowly(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
      ? context?.source
      : value,
  );
}

describe("an integer beyond JavaScript's safe range", () => {
  it.each([
    ['7400000000000000001', '7400000000000000001'],
    ['[7400000000000000001]', ['7400000000000000001']],
    ['{"id":7400000000000000001}', { id: '7400000000000000001' }],
    ['{"id" : \n -7400000000000000001}', { id: '-7400000000000000001' }],
    ['[1,7400000000000000001]', [1, '7400000000000000001']],
    ['{"id":1e20}', { id: '1e20' }],
    ['{"id":9007199254740992}', { id: '9007199254740992' }],
  ])('is parsed into the text that was sent: %s', (text, value) => {
    expect(parseLossless(text)).toEqual(value);
  });
});

it.each([
  ['9007199254740991', 9_007_199_254_740_991],
  ['0.12345678901234567', Number('0.12345678901234567')],
  ['1.5e3', 1_500],
  ['{"id":"7400000000000000001"}', { id: '7400000000000000001' }],
  ['{"text":"call: 7400000000000000001, or 1e99"}', { text: 'call: 7400000000000000001, or 1e99' }],
])('the lossless parser leaves every other value unchanged: %s', (text, value) => {
  expect(parseLossless(text)).toEqual(value);
});

it.each(['', '{', '7400000000000000001x', '[1,', 'undefined'])(
  'the lossless parser refuses text that is not JSON: %j',
  (text) => {
    expect(() => parseLossless(text)).toThrow(SyntaxError);
  },
);

it('the fast parser agrees with one that inspects every value, for any JSON in any spelling', () => {
  const spelled = fc.oneof(
    fc.json(),
    fc.jsonValue().map((value) => JSON.stringify(value, undefined, 1)),
    fc.bigInt().map((number) => `{"id":${number},"list":[ ${number} ,\t${number}]}`),
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .map((number) => `[${number},${number.toExponential()}]`),
  );

  fc.assert(
    fc.property(spelled, (text) => {
      expect(parseLossless(text)).toEqual(parseSlowly(text));
    }),
    { numRuns: 2_000 },
  );
});
