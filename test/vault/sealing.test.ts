/** What a sealed token survives and what it refuses, for any token and any seal context. */
import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IntegrationError } from '../../lib/errors.ts';
import type { ProviderId, TenantId } from '../../lib/ids.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import type { SealContext } from '../../lib/vault/seal-context.ts';
import { longestToken, readSealed } from '../../lib/vault/sealed-format.ts';
import { doesNotOpen, open, seal, type TenantKey } from '../../lib/vault/sealing.ts';
import { contexts, tokens } from './arbitraries.ts';

const key: TenantKey = { version: 7, key: createSecretKey(randomBytes(32)) };
const sealContext: SealContext = {
  tenantId: 'acme' as TenantId,
  kind: 'connection',
  recordId: 'con_1',
  field: 'accessToken',
  provider: 'tiktok' as ProviderId,
  account: '42',
};
const token = new Secret('s4ndb0x-token');

describe('a sealed token', () => {
  it('opens to the original token in its own context', () => {
    fc.assert(
      fc.property(tokens, contexts, (text, context) => {
        const opened = open(key, readSealed(seal(key, new Secret(text), context)), context);

        expect(opened.reveal()).toBe(text);
      }),
    );
  });

  it('holds up to 64 KiB of UTF-8, and sealing refuses longer tokens', () => {
    const longest = 's4ndb0x'.padEnd(longestToken, 'é'.repeat(longestToken)).slice(0, longestToken / 2 + 3);

    const opened = open(key, readSealed(seal(key, new Secret(longest), sealContext)), sealContext);

    expect(Buffer.byteLength(longest)).toBeLessThanOrEqual(longestToken);
    expect(opened.reveal()).toBe(longest);
    expect(() => seal(key, new Secret('x'.repeat(longestToken + 1)), sealContext)).toThrow(
      /at most 65536 bytes/,
    );
    expect(() => seal(key, new Secret('é'.repeat(longestToken / 2 + 1)), sealContext)).toThrow(
      /at most 65536 bytes/,
    );
  });

  it('cannot be made from text that UTF-8 would change', () => {
    expect(() => seal(key, new Secret('s4ndb0x\ud800'), sealContext)).toThrow(/well-formed/);
  });

  it('row 23: never repeats salt, IV or bytes for the same token and context', () => {
    const sealings = Array.from({ length: 2_000 }, () => readSealed(seal(key, token, sealContext)));

    for (const part of ['salt', 'iv', 'commitment', 'ciphertext'] as const) {
      const seen = new Set(sealings.map((sealed) => Buffer.from(sealed[part]).toString('hex')));
      expect(seen.size, part).toBe(sealings.length);
    }
  });

  it('row 23: refuses any single flipped bit', () => {
    const sealed = seal(key, token, sealContext);

    for (let bit = 0; bit < sealed.byteLength * 8; bit += 1) {
      const flipped = Uint8Array.from(sealed);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => openAs(flipped, sealContext), `bit ${bit}`).toThrow(IntegrationError);
    }
  });

  it('row 23: refuses a key version other than the one it was sealed under, even with the same key', () => {
    const sealed = seal(key, token, sealContext);
    new DataView(sealed.buffer).setUint32(1, 8);

    expect(() => open({ ...key, version: 8 }, readSealed(sealed), sealContext)).toThrow(
      doesNotOpen().message,
    );
  });

  it('row 23: refuses truncation at any length and any appended bytes', () => {
    const sealed = seal(key, token, sealContext);
    const longer = Uint8Array.from([...sealed, 0]);

    for (let length = 0; length < sealed.byteLength; length += 1) {
      expect(() => openAs(sealed.slice(0, length), sealContext), `${length} bytes`).toThrow(IntegrationError);
      expect(() => openAs(sealed.slice(sealed.byteLength - length), sealContext)).toThrow(IntegrationError);
    }
    expect(() => openAs(longer, sealContext)).toThrow(doesNotOpen().message);
  });

  it('row 23: refuses a ciphertext whose commitment is not that of the key that opens it', () => {
    const sealed = seal(key, token, sealContext);
    const { commitment } = readSealed(sealed);
    commitment.fill(0);

    expect(() => openAs(sealed, sealContext)).toThrow(doesNotOpen().message);
  });

  it.each([
    ['row 8: refuses a sealed token moved to another tenant', { tenantId: 'acme2' as TenantId }],
    ['row 8: refuses a sealed token moved to another kind of record', { kind: 'flow' }],
    ['row 8: refuses a sealed token moved to another connection', { recordId: 'con_2' }],
    ['row 8: refuses a sealed token moved to another field', { field: 'refreshToken' }],
    ['row 8: refuses a sealed token moved to another provider', { provider: 'slack' as ProviderId }],
    ['row 8: refuses a sealed token moved to another account', { account: '43' }],
  ] satisfies [string, Partial<SealContext>][])('%s', (_name, change) => {
    const sealed = seal(key, token, sealContext);

    expect(() => openAs(sealed, { ...sealContext, ...change })).toThrow(doesNotOpen().message);
  });

  it('row 8: refuses every context but its own', () => {
    fc.assert(
      fc.property(contexts, contexts, (sealedFor, foundAt) => {
        fc.pre(JSON.stringify(sealedFor) !== JSON.stringify(foundAt));

        const sealed = seal(key, token, sealedFor);

        expect(() => openAs(sealed, foundAt)).toThrow(doesNotOpen().message);
      }),
    );
  });

  it('row 8: refuses the key of any other tenant', () => {
    const other = { version: key.version, key: createSecretKey(randomBytes(32)) };
    const sealed = seal(other, token, sealContext);

    expect(() => openAs(sealed, sealContext)).toThrow(doesNotOpen().message);
  });

  it('fails in one way that reveals neither the reason nor the input', () => {
    const sealed = seal(key, token, sealContext);
    const damaged = { ciphertext: 85, tag: sealed.byteLength - 1, commitment: 40, salt: 6, iv: 70 };

    const failures = Object.values(damaged).map((at) => {
      const changed = Uint8Array.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      return failureOf(() => openAs(changed, sealContext));
    });
    failures.push(failureOf(() => openAs(sealed, { ...sealContext, account: '43' })));

    for (const failure of failures) {
      expect(failure).toMatchObject({ code: 'VAULT_ERROR', message: doesNotOpen().message });
      expect(failure.cause).toBeUndefined();
      expect(failure.details).toBeUndefined();
    }
  });
});

function openAs(sealed: Uint8Array, context: SealContext): Secret {
  return open(key, readSealed(sealed), context);
}

function failureOf(act: () => unknown): IntegrationError {
  try {
    act();
  } catch (error) {
    if (error instanceof IntegrationError) return error;
  }
  throw new Error('An IntegrationError was expected.');
}
