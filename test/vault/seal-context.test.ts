/** The encoding of a seal context: no two contexts share one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longestOpaqueId, type ProviderId, type TenantId } from '../../lib/ids.ts';
import { encodeContext, type SealContext } from '../../lib/vault/seal-context.ts';
import { highestKeyVersion } from '../../lib/vault/sealed-format.ts';
import { contexts } from './arbitraries.ts';

const versions = fc.integer({ min: 1, max: highestKeyVersion });
const sealContext: SealContext = {
  tenantId: 'acme' as TenantId,
  kind: 'connection',
  recordId: 'con_1',
  field: 'accessToken',
  provider: 'tiktok' as ProviderId,
  account: '',
};

describe('the encoding of a seal context', () => {
  it('is injective: a test can decode it, so two contexts never share an encoding', () => {
    fc.assert(
      fc.property(contexts, versions, (context, version) => {
        const encoded = encodeContext(context, version);

        expect(decode(encoded)).toEqual([
          'hawser/vault/token',
          '1',
          context.tenantId,
          context.kind,
          context.recordId,
          context.field,
          context.provider,
          context.account,
          String(version),
        ]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('differs when text moves from one component to its neighbour', () => {
    const left = encodeContext({ ...sealContext, recordId: 'ab', field: 'c' }, 1);
    const right = encodeContext({ ...sealContext, recordId: 'a', field: 'bc' }, 1);

    expect(left).not.toEqual(right);
  });

  it.each(['tenantId', 'recordId', 'field'] as const)('requires a %s', (component) => {
    expect(() => encodeContext({ ...sealContext, [component]: '' }, 1)).toThrow(
      /names a tenant, a record and a field/,
    );
  });

  it('refuses lone surrogates, which would share an encoding', () => {
    expect(() => encodeContext({ ...sealContext, account: 'a\ud800' }, 1)).toThrow(/well-formed/);
    expect(() => encodeContext({ ...sealContext, account: '\udc00a' }, 1)).toThrow(/well-formed/);
  });

  it('accepts the longest valid ids and refuses input beyond the HKDF limit', () => {
    const longest = {
      ...sealContext,
      tenantId: 'a'.repeat(63) as TenantId,
      kind: 'destination',
      recordId: '€'.repeat(longestOpaqueId),
      field: 'f'.repeat(64),
      provider: 'p'.repeat(32) as ProviderId,
      account: '€'.repeat(longestOpaqueId),
    } as const;

    expect(encodeContext(longest, highestKeyVersion).byteLength).toBeLessThanOrEqual(1_024);
    expect(() => encodeContext({ ...longest, field: 'f'.repeat(200) }, 1)).toThrow(/at most 1024 bytes/);
  });
});

/** Reads an encoding by its own rules alone. */
function decode(encoded: Uint8Array): string[] {
  const components: string[] = [];
  let at = 0;
  while (at < encoded.byteLength) {
    const colon = encoded.indexOf(':'.charCodeAt(0), at);
    const length = Number(Buffer.from(encoded.subarray(at, colon)).toString('latin1'));
    components.push(Buffer.from(encoded.subarray(colon + 1, colon + 1 + length)).toString('utf8'));
    at = colon + 1 + length;
  }
  return components;
}
