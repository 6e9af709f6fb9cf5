/** Opening of the older text format, which the import reads. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openLegacyToken } from '../../lib/admin/import/legacy-token.ts';
import { IntegrationError } from '../../lib/errors.ts';
import vectors from '../vectors/legacy-token.json' with { type: 'json' };

const [first] = vectors.cases;
if (first === undefined) throw new Error('The vectors are empty.');
const { text, key } = first;

describe('the legacy token format', () => {
  it.each(vectors.cases)('opens under $name', (vector) => {
    const token = openLegacyToken(vector.text, vector.key);

    expect(token.reveal()).toBe(vector.token);
    expect(String(token)).toBe('[redacted]');
  });

  it('accepts upper-case and lower-case hexadecimal', () => {
    expect(openLegacyToken(text.toUpperCase(), key).reveal()).toBe(first.token);
  });

  it.each([
    ['no text', ''],
    ['two parts', text.slice(0, text.lastIndexOf(':'))],
    ['four parts', `${text}:00`],
    ['an IV of 12 bytes', text.slice(8)],
    ['a short tag', text.replace(/:(..)/, ':')],
    ['half a byte', `${text}0`],
    ['what is not hexadecimal', text.replace(/.$/, 'g')],
    ['a line end', `${text}\n`],
    ['more than 64 KiB', `${text}${'00'.repeat(65_536)}`],
  ])('refuses %s without repeating it', (_name, bad) => {
    expect(() => openLegacyToken(bad, key)).toThrow(
      expect.objectContaining({
        code: 'VAULT_ERROR',
        message:
          'A token in the form iv:authTag:encrypted was expected: 32, 32 and at most 131072 hexadecimal digits.',
      }),
    );
  });

  it('refuses a wrong key and an empty key', () => {
    expect(() => openLegacyToken(text, `${key}x`)).toThrow(/does not open under this key/);
    expect(() => openLegacyToken(text, '')).toThrow(/key of the older tokens was expected/);
  });

  it('refuses a token after any one digit was changed', () => {
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.constantFrom(...Array.from('0123456789abcdef')),
        (at, digit) => {
          fc.pre(text[at] !== ':' && text[at] !== digit);

          const changed = text.slice(0, at) + digit + text.slice(at + 1);

          expect(() => openLegacyToken(changed, key)).toThrow(IntegrationError);
        },
      ),
    );
  });
});
