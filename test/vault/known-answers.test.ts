/**
 * The vault's primitives and its whole format match published vectors and a frozen
 * set of sealed tokens, which reveals any change of the format.
 */
import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ProviderId, TenantId } from '../../lib/ids.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import { decrypt, encrypt, hkdf } from '../../lib/vault/primitives.ts';
import { encodeContext, type SealContext } from '../../lib/vault/seal-context.ts';
import { readSealed } from '../../lib/vault/sealed-format.ts';
import { open, sealWith } from '../../lib/vault/sealing.ts';
import gcm from '../vectors/aes-256-gcm.json' with { type: 'json' };
import rfc5869 from '../vectors/hkdf-sha-256.json' with { type: 'json' };
import frozen from '../vectors/sealed-token.json' with { type: 'json' };

const bytes = (hex: string) => Buffer.from(hex, 'hex');
const hex = (data: Uint8Array | undefined) => data && Buffer.from(data).toString('hex');

describe('AES-256-GCM', () => {
  it.each(gcm.knownAnswers)('produces the known answer of $source', (vector) => {
    const key = createSecretKey(bytes(vector.key));

    const made = encrypt(key, bytes(vector.iv), bytes(vector.aad), bytes(vector.plain));
    const back = decrypt(key, bytes(vector.iv), bytes(vector.aad), {
      ciphertext: bytes(vector.ciphertext),
      tag: bytes(vector.tag),
    });

    expect(hex(made.ciphertext)).toBe(vector.ciphertext);
    expect(hex(made.tag)).toBe(vector.tag);
    expect(hex(back)).toBe(vector.plain);
  });

  describe.each(gcm.alteredTags)('with an altered tag ($name)', (alteration) => {
    it.each(gcm.knownAnswers)('refuses $source', (vector) => {
      const tag =
        'replace' in alteration
          ? bytes(alteration.replace ?? '')
          : bytes(vector.tag).map((byte, at) => byte ^ (bytes(alteration.xor ?? '')[at] ?? 0));

      const back = decrypt(createSecretKey(bytes(vector.key)), bytes(vector.iv), bytes(vector.aad), {
        ciphertext: bytes(vector.ciphertext),
        tag,
      });

      expect(tag).toHaveLength(16);
      expect(back).toBeUndefined();
    });
  });

  it.each([0, 1, 4, 8, 12, 13, 14, 15, 17])('refuses a tag of %i bytes', (length) => {
    const [vector] = gcm.knownAnswers;
    const tag = Buffer.concat([bytes(vector?.tag ?? ''), Buffer.alloc(1)]).subarray(0, length);

    const back = decrypt(
      createSecretKey(bytes(vector?.key ?? '')),
      bytes(vector?.iv ?? ''),
      bytes(vector?.aad ?? ''),
      { ciphertext: bytes(vector?.ciphertext ?? ''), tag },
    );

    expect(back).toBeUndefined();
  });
});

describe('HKDF-SHA-256', () => {
  it.each(rfc5869.cases)('produces the known answer of RFC 5869, test case $case', (vector) => {
    const key = createSecretKey(bytes(vector.ikm));

    const derived = hkdf(key, bytes(vector.salt), bytes(vector.info), vector.length);

    expect(hex(derived)).toBe(vector.okm);
  });
});

describe('the sealed format', () => {
  const key = (version: number) => ({ version, key: createSecretKey(bytes(frozen.key)) });

  it.each(frozen.cases)('encodes the context of a $context.kind exactly as in earlier versions', (vector) => {
    const encoded = encodeContext(contextOf(vector), vector.keyVersion);

    expect(Buffer.from(encoded).toString('utf8')).toBe(vector.bound);
  });

  it.each(frozen.cases)(
    'seals the token of a $context.kind to the same bytes as in earlier versions',
    (vector) => {
      const sealed = sealWith(
        key(vector.keyVersion),
        new Secret(vector.token),
        contextOf(vector),
        bytes(frozen.salt),
        bytes(frozen.iv),
      );

      expect(hex(sealed)).toBe(vector.sealed);
    },
  );

  it.each(frozen.cases)('opens the token of a $context.kind that an earlier version sealed', (vector) => {
    const token = open(key(vector.keyVersion), readSealed(bytes(vector.sealed)), contextOf(vector));

    expect(token.reveal()).toBe(vector.token);
  });
});

function contextOf({ context }: (typeof frozen.cases)[number]): SealContext {
  const kind = (['flow', 'connection', 'destination'] as const).find((known) => known === context.kind);
  if (kind === undefined) throw new Error('A vector names an unknown kind.');
  return {
    ...context,
    kind,
    tenantId: context.tenantId as TenantId,
    provider: context.provider as ProviderId,
  };
}
