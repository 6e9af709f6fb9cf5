/**
 * What a sealed value is bound to. Two different contexts never encode alike, so a value that is moved to another
 * tenant, record, field, provider or account does not open there.
 */
import { IntegrationError } from '../errors.ts';
import type { ProviderId, TenantId } from '../ids.ts';
import { formatVersion } from './sealed-format.ts';

/** The place of one sealed value. Opening takes the same context, taken from where the value is found. */
export interface SealContext {
  readonly tenantId: TenantId;
  readonly kind: 'flow' | 'connection' | 'destination';
  /** The record's own id: the flow's, the connection's or the destination's. */
  readonly recordId: string;
  /** The name of the sealed field within the record. */
  readonly field: string;
  readonly provider: ProviderId;
  /** The platform's id of the account; empty while it is not known yet. */
  readonly account: string;
}

/** First component of every encoding, so that no other use of HKDF or GCM can ever meet the same input. */
const label = 'hawser/vault/token';

/** Longest encoding in bytes: Node's HKDF takes no longer `info`. All ids at their longest stay below it. */
const longestEncoding = 1_024;

/**
 * The bytes that a sealing authenticates: each component in UTF-8 behind its length in bytes, as in `6:tenant`.
 * @throws IntegrationError VAULT_ERROR when the context could not be told from another one.
 */
export function encodeContext(context: SealContext, keyVersion: number): Uint8Array {
  const { tenantId, kind, recordId, field, provider, account } = context;
  if (tenantId === '' || recordId === '' || field === '') {
    throw new IntegrationError('VAULT_ERROR', 'A seal context names a tenant, a record and a field.');
  }
  const text = `${part(label)}${part(String(formatVersion))}${part(tenantId)}${part(kind)}${part(recordId)}${part(field)}${part(provider)}${part(account)}${part(String(keyVersion))}`;
  // UTF-8 turns every lone surrogate into U+FFFD, which would make two different ids encode alike.
  if (!text.isWellFormed()) {
    throw new IntegrationError('VAULT_ERROR', 'A seal context consists of well-formed Unicode text.');
  }
  const encoded = Buffer.from(text, 'utf8');
  if (encoded.byteLength > longestEncoding) {
    throw new IntegrationError('VAULT_ERROR', `A seal context takes at most ${longestEncoding} bytes.`);
  }
  return encoded;
}

function part(text: string): string {
  return `${Buffer.byteLength(text, 'utf8')}:${text}`;
}
