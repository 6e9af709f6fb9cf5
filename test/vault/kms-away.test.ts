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

describe('during an outage of KMS', () => {
  const down = { error: 'KMSInternalException', status: 500 };

  it('sealing fails retryably, and works as soon as KMS does', async () => {
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

  it('opening fails retryably, and works again afterwards', async () => {
    const context = newPlace();
    const sealed = await openVault(aws.instance('A')).encryptToken(token, context);
    const vault = openVault(aws.instance('B'));
    aws.interceptWith((call) => (call.action === 'kms:Decrypt' ? down : undefined));

    const failed = await vault.safeDecrypt(sealed, context);
    aws.interceptWith(undefined);

    expect(failed).toMatchObject({ ok: false, error: { code: 'VAULT_ERROR', retryAfterSeconds: 1 } });
    expect((await vault.decryptToken(sealed, context)).reveal()).toBe(token.reveal());
  });

  it('a call that hangs ends with the client’s time-out', async () => {
    const vault = openVault({ ...aws.instance('A'), kms: aws.impatientKms(150) });
    aws.interceptWith((call) => (call.action.startsWith('kms:') ? { delayMs: 1_000 } : undefined));

    const failed = await vault.safeEncrypt(token, newPlace());

    expect(failed).toMatchObject({
      ok: false,
      error: { code: 'VAULT_ERROR', cause: expect.objectContaining({ name: 'TimeoutError' }) },
    });
  });

  it('a warm vault keeps sealing and opening, and a sealer keeps sealing even beyond the cache time', async () => {
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

  it('an unavailable table is reported as such and read again', async () => {
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
