/** OnlyFans: which values the definition accepts as a browser session, and how strictly. */
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { onlyfans } from '../../../lib/platforms/onlyfans/definition.ts';
import { cookieHeader, openSession } from '../../../lib/platforms/onlyfans/session.ts';
import type { Secret } from '../../../lib/telemetry/secret.ts';

const values = {
  auth_id: '123456789',
  sess: 's4ndb0xexampleexampleexamp',
  x_bc: 's4ndb0x89abcdef0123456789abcdef01234567',
  user_agent: 'Mozilla/5.0 (EXAMPLE) Chrome/142.0.0.0',
};

function secretOf(input: Readonly<Record<string, string>>): Secret {
  const reading = onlyfans.probe.read(input);
  if (reading.kind !== 'credentials') throw new Error(`Malformed: ${reading.fields.join(', ')}.`);
  return reading.secret;
}

const sealed = (input: Readonly<Record<string, string>>): unknown => JSON.parse(secretOf(input).reveal());
const malformed = (...fields: readonly string[]) => ({ kind: 'malformed', fields });

describe('OnlyFans credentials', () => {
  it('are sealed together as one text for the account that they claim', () => {
    const reading = onlyfans.probe.read({
      ...values,
      auth_uid: 's4ndb0xuid',
      cookies: 'fp=s4ndb0xfp; csrf=a=b',
    });

    expect(reading).toMatchObject({ kind: 'credentials', claimedAccount: '123456789' });
    expect(inspect(reading, { depth: 9, showHidden: true })).not.toContain('s4ndb0x');
    expect(sealed({ ...values, auth_uid: 's4ndb0xuid', cookies: 'fp=s4ndb0xfp; csrf=a=b' })).toEqual({
      ...values,
      auth_uid: 's4ndb0xuid',
      extra_cookies: 'fp=s4ndb0xfp; csrf=a=b',
    });
  });

  it('are accepted under the names that cookie exporters use, with empty values treated as absent', () => {
    const { auth_id: id, ...others } = values;

    expect(sealed({ ...others, id, auth_uid_: 's4ndb0xuid', cookie: '' })).toEqual({
      ...values,
      auth_uid: 's4ndb0xuid',
    });
    expect(sealed({ ...values, auth_uid: '', cookies: '' })).toEqual(values);
  });

  it("are accepted as the browser's whole Cookie header", () => {
    const { x_bc, user_agent } = values;
    const cookie = `fp=s4ndb0xfp; auth_id=123456789; sess=${values.sess}; auth_uid_123456789=s4ndb0xuid; ref_src=`;

    expect(sealed({ x_bc, user_agent, cookie })).toEqual({
      ...values,
      auth_uid: 's4ndb0xuid',
      extra_cookies: 'fp=s4ndb0xfp; ref_src=',
    });
    expect(sealed({ ...values, cookies: `sess=${values.sess}; auth_uid_=` })).toEqual(values);
  });

  it.each([
    ['auth_id', { auth_id: '' }],
    ['auth_id', { auth_id: '0' }],
    ['auth_id', { auth_id: '0123' }],
    ['auth_id', { auth_id: '12a' }],
    ['auth_id', { auth_id: '123456789012345678901' }],
    ['auth_id', { auth_id: '١٢٣' }],
    ['sess', { sess: '' }],
    ['sess', { sess: 's4nd b0x' }],
    ['sess', { sess: 's4ndb0x;admin=1' }],
    ['sess', { sess: 's4ndb0x\n' }],
    ['x_bc', { x_bc: 's4ndb0x89abcdef0123' }],
    ['x_bc', { x_bc: 'x'.repeat(65) }],
    ['x_bc', { x_bc: `${values.x_bc}\r\nhost: evil.example` }],
    ['user_agent', { user_agent: 'Mozilla' }],
    ['user_agent', { user_agent: ` ${values.user_agent}` }],
    ['user_agent', { user_agent: `${values.user_agent}\r\nx: y` }],
    ['user_agent', { user_agent: 'x'.repeat(513) }],
    ['auth_uid', { auth_uid: 'a b' }],
    ['cookies', { cookies: 'fp' }],
    ['cookies', { cookies: 'fp=a\r\nhost: evil.example' }],
    ['cookies', { cookies: 'fp=a; fp=b' }],
    ['cookies', { cookies: 'auth_uid_55500055=s4ndb0x' }],
    ['sess', { cookies: 'sess=s4ndb0xanother' }],
    ['auth_id', { id: '55500055' }],
    ['password', { password: 's4ndb0x' }],
    ['constructor', { constructor: 's4ndb0x' }],
  ])(
    'are refused for an invalid %s with an error that names the field and hides its value: %j',
    (field, changes) => {
      expect(onlyfans.probe.read({ ...values, ...changes })).toEqual(malformed(field));
    },
  );

  it('are refused with the list of missing fields', () => {
    expect(onlyfans.probe.read({})).toEqual(malformed('auth_id', 'sess', 'x_bc', 'user_agent'));
  });

  it('never inject a header, whatever the user enters', () => {
    const name = fc.constantFrom('auth_id', 'sess', 'x_bc', 'user_agent', 'auth_uid', 'cookies', 'cookie');
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.constantFrom('a=b', 'sess=c\r\nd: e'),
    );
    fc.assert(
      fc.property(fc.dictionary(name, text), (changes) => {
        const reading = onlyfans.probe.read({ ...values, ...changes });
        if (reading.kind !== 'credentials') return;
        const session = openSession(reading.secret);
        if (session === undefined) throw new Error('What was sealed cannot be opened.');
        for (const value of [cookieHeader(session), ...Object.values(session)]) {
          expect(value).toMatch(/^[\x20-\x7e]+$/);
        }
      }),
      { numRuns: 500 },
    );
  });
});
