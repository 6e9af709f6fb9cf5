/**
 * The vault: seals what platforms gave us and opens it again, each value only for the tenant, record and field it was
 * sealed for. Keys are per tenant, wrapped by KMS, and only in memory while in use.
 */
import { IntegrationError } from '../errors.ts';
import type { TenantId } from '../ids.ts';
import type { Secret } from '../telemetry/secret.ts';
import { type CacheLimits, cacheTenantKeys, type KeyCacheDeps } from './key-cache.ts';
import type { SealContext } from './seal-context.ts';
import { isSealed, readSealed } from './sealed-format.ts';
import { open, seal } from './sealing.ts';

export interface Vault {
  /** Seals a token for one place. @throws IntegrationError TENANT_DELETED, VAULT_ERROR or DATABASE_ERROR. */
  encryptToken(token: Secret, context: SealContext): Promise<Uint8Array>;
  /** Opens a sealed token at the place it was sealed for. @throws IntegrationError as {@link Vault.encryptToken}. */
  decryptToken(sealed: Uint8Array, context: SealContext): Promise<Secret>;
  /** Whether a value looks sealed. It tells, for reports; it never decides what is done with a value. */
  isEncrypted(value: unknown): boolean;
  /** {@link Vault.encryptToken} that never throws. */
  safeEncrypt(token: Secret, context: SealContext): Promise<VaultResult<Uint8Array>>;
  /** {@link Vault.decryptToken} that never throws. */
  safeDecrypt(sealed: Uint8Array, context: SealContext): Promise<VaultResult<Secret>>;
  /** Holds the newest key of a tenant, so that a later sealing cannot fail for lack of KMS or the table. */
  sealerFor(tenantId: TenantId): Promise<Sealer>;
}

/** Seals for one tenant from memory. Meant for one piece of work, not to be kept. */
export interface Sealer {
  /** @throws IntegrationError VAULT_ERROR when the context is another tenant's, or the token is too long. */
  seal(token: Secret, context: SealContext): Uint8Array;
}

export type VaultResult<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: IntegrationError };

export interface VaultDeps extends KeyCacheDeps {
  readonly cache?: CacheLimits;
  /** Called with every look into the cache of keys, for counting. */
  readonly onCache?: (hit: boolean) => void;
}

export function openVault(deps: VaultDeps): Vault {
  const keys = cacheTenantKeys(deps, deps.cache, deps.onCache);

  async function encryptToken(token: Secret, context: SealContext): Promise<Uint8Array> {
    requirePurpose(context);
    return seal(await keys.newest(context.tenantId), token, context);
  }

  async function decryptToken(sealed: Uint8Array, context: SealContext): Promise<Secret> {
    requirePurpose(context);
    const read = readSealed(sealed);
    return open(await keys.version(context.tenantId, read.keyVersion), read, context);
  }

  async function sealerFor(tenantId: TenantId): Promise<Sealer> {
    const key = await keys.newest(tenantId);
    return {
      seal(token, context) {
        requirePurpose(context);
        if (context.tenantId !== tenantId) {
          throw new IntegrationError('VAULT_ERROR', 'A sealer seals for the one tenant it was made for.');
        }
        return seal(key, token, context);
      },
    };
  }

  /** Destination secrets open to the deliverer, who has no right to credentials; so neither may pass for the other. */
  function requirePurpose({ kind }: SealContext): void {
    if ((kind === 'destination') !== (deps.purpose === 'destinations')) {
      throw new IntegrationError(
        'VAULT_ERROR',
        'Destination secrets belong to a vault of that purpose, and nothing else does.',
      );
    }
  }

  return {
    encryptToken,
    decryptToken,
    isEncrypted: isSealed,
    safeEncrypt: (token, context) => settle(encryptToken(token, context)),
    safeDecrypt: (sealed, context) => settle(decryptToken(sealed, context)),
    sealerFor,
  };
}

async function settle<Value>(work: Promise<Value>): Promise<VaultResult<Value>> {
  try {
    return { ok: true, value: await work };
  } catch (error) {
    if (error instanceof IntegrationError) return { ok: false, error };
    return { ok: false, error: new IntegrationError('VAULT_ERROR', 'The vault failed.', { cause: error }) };
  }
}
