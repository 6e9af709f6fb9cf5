/** JSON paths: they read the own properties that a definition names, nothing else, and never throw. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { at, readAlternatives, readScalar, readText } from '../../lib/oauth/json-path.ts';

const answer = {
  data: [{ id: 7, user: { first: 'Inês', last: 'Åkerblom', nick: '' } }],
  'display-name': 'Harbour',
  ok: false,
  none: null,
};

describe('a JSON path', () => {
  it.each([
    ['data.0.id', 7],
    ['data.0.user.first+data.0.user.last', 'Inês Åkerblom'],
    ['data.0.user.nick|display-name', 'Harbour'],
    ['data.0.user.nick+data.0.user.last|ok', 'Åkerblom'],
    ['ok', false],
    ['none|missing|data.0.id', 7],
    ['data', undefined],
    ['constructor.name', undefined],
    ['data.length', undefined],
  ])('%s reads %j', (path, value) => {
    expect(readScalar(answer, path)).toBe(value);
  });

  it('reads strings and numbers as text, and booleans as undefined', () => {
    expect(readText(answer, 'data.0.id')).toBe('7');
    expect(readText(answer, 'ok')).toBeUndefined();
  });

  it('lists every existing alternative in order', () => {
    expect(readAlternatives({ error: { code: 190, sub: 'x' } }, 'error.sub|error|error.code')).toEqual([
      'x',
      '190',
    ]);
  });

  it('finds the value at its path in any JSON', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_$-]{1,8}$/).filter((one) => one !== '__proto__');
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 5 }), fc.jsonValue(), (names, value) => {
        const nested = names.reduceRight<unknown>((inner, one) => ({ [one]: inner }), value);

        expect(at(nested, names.join('.'))).toEqual(value);
      }),
    );
  });

  it('never throws and reads own properties only', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.stringMatching(/^[\w.|+-]{0,40}$/), (value, path) => {
        const found = readScalar(value, path);

        expect(found === undefined || ['string', 'number', 'boolean'].includes(typeof found)).toBe(true);
      }),
    );
    expect(readScalar({}, '__proto__.toString|hasOwnProperty')).toBeUndefined();
  });
});
