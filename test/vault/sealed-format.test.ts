/** The reader of sealed bytes is strict and never repeats its input. */
import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../lib/telemetry/secret.ts';
import { isSealed, longestToken, readSealed, writeSealed } from '../../lib/vault/sealed-format.ts';
import { seal } from '../../lib/vault/sealing.ts';
import { contexts, tokens } from './arbitraries.ts';

const key = { version: 1, key: createSecretKey(randomBytes(32)) };
const fixed = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const deps = fc.record({
  keyVersion: fc.integer({ min: 1, max: 0xffff_ffff }),
  salt: fixed(32),
  commitment: fixed(32),
  iv: fixed(12),
  ciphertext: fc.uint8Array({ maxLength: 200 }),
  tag: fixed(16),
});

describe('the sealed format', () => {
  it('is read exactly as it was written, at any offset in memory', () => {
    fc.assert(
      fc.property(deps, fc.nat(9), (written, offset) => {
        const sealed = writeSealed(written);
        const elsewhere = new Uint8Array(offset + sealed.byteLength + 3).subarray(offset, -3);
        elsewhere.set(sealed);

        const read = readSealed(elsewhere);

        expect(read).toEqual(written);
      }),
    );
  });

  it('recognises every sealed token', () => {
    fc.assert(
      fc.property(tokens, contexts, (text, context) => {
        expect(isSealed(seal(key, new Secret(text), context))).toBe(true);
      }),
    );
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 's4ndb0x-token'],
    ['the older text format', `${'00'.repeat(16)}:${'00'.repeat(16)}:00`],
    ['a number', 1],
    ['an array', [1, 0, 0, 0, 1]],
    ['an ArrayBuffer', new ArrayBuffer(120)],
    ['no bytes', new Uint8Array(0)],
    ['another format version', withHead(2, 1)],
    ['format version 0', withHead(0, 1)],
    ['key version 0', withHead(1, 0)],
    ['one byte too few', withHead(1, 1).subarray(0, 96)],
    ['one byte too many', withHead(1, 1, 97 + longestToken + 1)],
  ])('does not recognise %s, and refuses it without repeating it', (_name, value) => {
    expect(isSealed(value)).toBe(false);
    expect(() => readSealed(value as Uint8Array)).toThrow(
      expect.objectContaining({
        code: 'VAULT_ERROR',
        message:
          'A sealed value was expected: 97 to 65633 bytes that begin with format version 1 and a key version.',
      }),
    );
  });
});

function withHead(format: number, keyVersion: number, length = 97): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes[0] = format;
  new DataView(bytes.buffer).setUint32(1, keyVersion);
  return bytes;
}
