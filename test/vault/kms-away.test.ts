/** The vault during an outage of KMS or the table: it fails retryably and recovers at once. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TenantId } from '../../lib/ids.ts';
import { openVault } from '../../lib/vault/vault.ts';
import { sealContext, startVaultAws, token, type VaultAws } from './vault-on-aws.ts';

let aws: VaultAws;
let tenantCount = 0;

beforeAll(async () => {
  aws = await startVaultAws();
});
afterAll(() => aws.close());
afterEach(() => aws.interceptWith(undefined));

describe('the vault during an outage', () => {
  const down = { error: 'KMSInternalException', status: 500 };

  it('fails to seal with a retryable error and seals as soon as KMS recovers', async () => {
    const context = newPlace();
    const vault = openVault(aws.instance('A'));
    aws.interceptWith((call) => (call.action.startsWith('kms:') ? down : undefined));

    const failed = await vault.safeEncrypt(token, context);
    aws.interceptWith(undefined);
    const sealed = await vault.encryptToken(token, context);

    expect(failed).toMatchObject({ ok: false, error: { code: 'VAULT_ERROR', retryAfterSeconds: 1 } });
    expect(failed.ok || failed.error.cause).toBeInstanceOf(Error);
    expect((await vault.decryptToken(sealed, context)).reveal()).toBe(token.reveal());
  });

  it('fails to open with a retryable error and opens as soon as KMS recovers', async () => {
    const context = newPlace();
    const sealed = await openVault(aws.instance('A')).encryptToken(token, context);
    const vault = openVault(aws.instance('B'));
    aws.interceptWith((call) => (call.action === 'kms:Decrypt' ? down : undefined));

    const failed = await vault.safeDecrypt(sealed, context);
    aws.interceptWith(undefined);

    expect(failed).toMatchObject({ ok: false, error: { code: 'VAULT_ERROR', retryAfterSeconds: 1 } });
    expect((await vault.decryptToken(sealed, context)).reveal()).toBe(token.reveal());
  });

  it('ends a hanging KMS call with the time-out of the client', async () => {
    const vault = openVault({ ...aws.instance('A'), kms: aws.impatientKms(150) });
    aws.interceptWith((call) => (call.action.startsWith('kms:') ? { delayMs: 1_000 } : undefined));

    const failed = await vault.safeEncrypt(token, newPlace());

    expect(failed).toMatchObject({
      ok: false,
      error: { code: 'VAULT_ERROR', cause: expect.objectContaining({ name: 'TimeoutError' }) },
    });
  });

  it('keeps sealing and opening while its cache is warm, and a sealer works beyond the cache lifetime', async () => {
    const context = newPlace();
    const vault = openVault(aws.instance('A'));
    const sealer = await vault.sealerFor(context.tenantId);
    aws.interceptWith(() => 'drop');

    const warm = await vault.decryptToken(await vault.encryptToken(token, context), context);
    aws.clock.now += 10 * 60_000;
    const late = sealer.seal(token, context);
    aws.interceptWith(undefined);

    expect(warm.reveal()).toBe(token.reveal());
    expect((await vault.decryptToken(late, context)).reveal()).toBe(token.reveal());
  });

  it('reports an unavailable table as such and reads it again', async () => {
    const vault = openVault(aws.instance('A'));
    const context = newPlace();
    aws.interceptWith((call) => (call.action.startsWith('dynamodb:') ? down : undefined));

    const failed = await vault.safeEncrypt(token, context);
    aws.interceptWith(undefined);
    const sealed = await vault.safeEncrypt(token, context);

    expect(failed).toMatchObject({ ok: false, error: { code: 'DATABASE_ERROR' } });
    expect(sealed.ok).toBe(true);
  });
});

function newPlace() {
  tenantCount += 1;
  return { ...sealContext, tenantId: `tenant-${tenantCount}` as TenantId };
}
