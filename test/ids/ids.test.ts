/** Ids: unguessable where we mint them, and checked where they come in. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mintApiKey, parseApiKey, provesApiKey } from '../../lib/access/api-key.ts';
import { digest, equalInConstantTime, matchesDigest } from '../../lib/constant-time.ts';
import * as ids from '../../lib/ids.ts';

describe('an id that Hawser generates', () => {
  it.each([
    ['a flow', ids.newFlowId, ids.flowIdPattern],
    ['a context', ids.newAppId, ids.appIdPattern],
    ['a connection', ids.newConnectionId, /^con_[A-Za-z0-9_-]{22}$/],
    ['a grant', ids.newGrantId, /^gra_[A-Za-z0-9_-]{22}$/],
  ])('has 128 random bits: %s', (_name, mint, pattern) => {
    const minted: readonly string[] = Array.from({ length: 1_000 }, () => mint());

    expect(new Set(minted).size).toBe(minted.length);
    for (const id of minted) expect(id).toMatch(pattern);
  });

  it('row 17: for a tenant’s own app never equals the id of a provider', () => {
    for (let count = 0; count < 100; count += 1) expect(ids.newAppId()).not.toMatch(ids.providerIdPattern);
  });
});

describe('an id that a tenant or platform chooses', () => {
  it.each(['a', 'ü', '🌊', 'a b', '#%/', '__proto__', 'x'.repeat(128), '\u200b'])('may be %j', (id) => {
    expect(ids.isOpaqueId(id)).toBe(true);
  });

  it.each([
    ['empty', ''],
    ['too long', 'x'.repeat(129)],
    ['too long in code units', '🌊'.repeat(65)],
    ['a zero', 'a\u0000'],
    ['a line break', 'a\nb'],
    ['a delete', '\u007f'],
    ['a C1 control', '\u0085'],
    ['half a character', '\ud83c'],
    ['the other half', 'a\udf0a'],
  ])('row 10: may not be %s', (_name, id) => {
    expect(ids.isOpaqueId(id)).toBe(false);
  });

  it('row 10: has exactly one byte encoding', () => {
    const any = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }).filter(ids.isOpaqueId);

    fc.assert(
      fc.property(any, any, (one, other) => {
        expect(Buffer.from(one).equals(Buffer.from(other))).toBe(one === other);
      }),
    );
  });

  it.each(['Acme', 'a', '-acme', 'acme_1', 'a'.repeat(64), 'acme\n', ''])(
    'may not be the tenant id %j',
    (id) => {
      expect(ids.tenantIdPattern.test(id)).toBe(false);
    },
  );
});

describe('row 16: the comparison of secrets', () => {
  it('compares all bytes in constant time, whichever byte differs', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 40 }), (left, right) => {
        expect(equalInConstantTime(left, right)).toBe(Buffer.from(left).equals(Buffer.from(right)));
        expect(equalInConstantTime(left, Uint8Array.from(left))).toBe(true);
      }),
    );
  });

  it('compares digests, which reveal nothing of the secrets', () => {
    expect(matchesDigest('s4ndb0x', digest('s4ndb0x'))).toBe(true);
    expect(matchesDigest('s4ndb0y', digest('s4ndb0x'))).toBe(false);
    expect(matchesDigest('', digest('s4ndb0x'))).toBe(false);
    expect(matchesDigest('s4ndb0x', new Uint8Array())).toBe(false);
    expect(Buffer.from(digest('abc')).toString('hex')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });
});

describe('an API key', () => {
  const tenantId = 'acme' as ids.TenantId;

  it('verifies against its own digest only', () => {
    const [one, other] = [mintApiKey(tenantId, 'one', 1), mintApiKey(tenantId, 'other', 1)];
    const parsed = parseApiKey(one.text.reveal());

    expect(one.text.reveal()).toMatch(/^hwk_[0-9a-f]{16}_[0-9a-f]{64}_[0-9a-f]{8}$/);
    expect(parsed?.id).toBe(one.key.id);
    expect(provesApiKey(one.key, parsed?.secret ?? '')).toBe(true);
    expect(provesApiKey(other.key, parsed?.secret ?? '')).toBe(false);
    expect(provesApiKey({ ...one.key, status: 'revoked' }, parsed?.secret ?? '')).toBe(false);
    expect(JSON.stringify(one)).not.toContain(parsed?.secret);
  });

  it('row 24: with one wrong character fails its checksum', () => {
    const text = mintApiKey(tenantId, 'one', 1).text.reveal();

    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.constantFrom(...'0123456789abcdefg_A'.split('')),
        (position, other) => {
          const wrong = text.slice(0, position) + other + text.slice(position + 1);

          expect(wrong === text || parseApiKey(wrong) === undefined).toBe(true);
        },
      ),
    );
  });
});
