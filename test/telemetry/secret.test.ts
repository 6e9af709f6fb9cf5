/** A secret hides its value from everything except an explicit reveal(). */
import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../lib/telemetry/secret.ts';

const secret = new Secret('s4ndb0x');

describe('row 19: a secret', () => {
  it.each([
    ['text', () => secret.toString()],
    ['a concatenation', () => `a${String(secret)}`],
    ['JSON', () => JSON.stringify({ secret, list: [secret] })],
    ['an inspection', () => inspect({ secret }, { depth: 9, showHidden: true })],
    ['a console', () => format('%s %o %j %O', secret, secret, secret, secret)],
    ['an error', () => String(new Error(String(secret), { cause: secret }))],
    [
      'its own properties',
      () => JSON.stringify([Object.entries(secret), Reflect.ownKeys(secret).map(String)]),
    ],
    ['a copy', () => JSON.stringify(Object.assign({}, secret))],
    ['a clone', () => JSON.stringify(structuredClone(secret))],
  ])('does not appear in %s', (_name, print) => {
    expect(print()).not.toContain('s4ndb0x');
  });

  it('returns its value from reveal()', () => {
    expect(secret.reveal()).toBe('s4ndb0x');
  });
});
