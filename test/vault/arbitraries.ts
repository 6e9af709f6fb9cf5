/** Generators of tokens and seal contexts, biased towards texts whose encodings could collide. */
import fc from 'fast-check';
import type { ProviderId, TenantId } from '../../lib/ids.ts';
import type { SealContext } from '../../lib/vault/seal-context.ts';

/** Any well-formed text. */
export const tokens = fc.string({ unit: 'binary', maxLength: 300 });

/** Texts made of the characters of the encoding itself: digits, colons and the content of neighbouring components. */
const lookalike = fc.string({
  unit: fc.constantFrom('1', '2', ':', 'a', 'é', '\u{1f511}', '#'),
  maxLength: 12,
});
const component = fc.oneof(lookalike, fc.string({ unit: 'binary', maxLength: 40 }));
const named = component.filter((text) => text !== '');

export const contexts: fc.Arbitrary<SealContext> = fc.record({
  tenantId: named.map((text) => text as TenantId),
  kind: fc.constantFrom('flow', 'connection', 'destination'),
  recordId: named,
  field: named,
  provider: component.map((text) => text as ProviderId),
  account: component,
});
