/** How often the vault calls AWS: once per tenant and cache lifetime, whatever the load. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TenantId } from '../../lib/ids.ts';
import { openVault } from '../../lib/vault/vault.ts';
import { acme, globex, sealContext, startVaultAws, token, type VaultAws } from './vault-on-aws.ts';

let aws: VaultAws;
const tenants = ['t-1', 't-2', 't-3'] as TenantId[];
const minutes = 60_000;
const crowd = 10_000;

beforeAll(async () => {
  aws = await startVaultAws();
});
afterAll(() => aws.close());
beforeEach(() => aws.resetCalls());
afterEach(() => aws.interceptWith(undefined));

describe('the cache of tenant keys', () => {
  it('row 24: serves 10,000 concurrent sealings with one KMS call per tenant and cache lifetime', async () => {
    const tenantId = 'crowded' as TenantId;
    const vault = openVault(aws.instance('CROWD'));
    const sealAll = () =>
      Promise.all(
        Array.from({ length: crowd }, () => vault.encryptToken(token, { ...sealContext, tenantId })),
      );

    const sealed = await sealAll();
    await sealAll();
    const opened = await Promise.all(
      sealed.map((one) => vault.decryptToken(one, { ...sealContext, tenantId })),
    );

    expect(new Set(opened.map((one) => one.reveal()))).toEqual(new Set([token.reveal()]));
    expect(aws.calls('kms:GenerateDataKey')).toBe(1);
    expect(aws.calls('kms:Decrypt')).toBe(0);

    aws.clock.now += 5 * minutes - 1;
    await sealAll();
    expect(aws.calls('kms:Decrypt')).toBe(0);

    aws.clock.now += 1;
    await sealAll();
    expect(aws.calls('kms:GenerateDataKey')).toBe(1);
    expect(aws.calls('kms:Decrypt')).toBe(1);
  });

  it('row 24: serves 10,000 concurrent openings of a cold instance with one query and one KMS call', async () => {
    const sealed = await openVault(aws.instance('WARM')).encryptToken(token, sealContext);
    const cold = openVault(aws.instance('COLD'));

    await Promise.all(Array.from({ length: crowd }, () => cold.decryptToken(sealed, sealContext)));

    expect(aws.calls('kms:Decrypt', 'COLD')).toBe(1);
    expect(aws.calls('dynamodb:Query', 'COLD')).toBe(1);
    expect(aws.calls('dynamodb:GetItem', 'COLD')).toBe(0);
  });

  it('row 24: refuses malformed values and seal contexts before any AWS call', async () => {
    const vault = openVault(aws.instance('REFUSING'));

    await expect(vault.decryptToken(new Uint8Array(200), sealContext)).rejects.toMatchObject({
      code: 'VAULT_ERROR',
    });
    await expect(vault.encryptToken(token, { ...sealContext, kind: 'destination' })).rejects.toMatchObject({
      code: 'VAULT_ERROR',
    });

    expect(aws.allCalls()).toBe(0);
  });

  it('row 24: evicts the least recently used tenant beyond its bound', async () => {
    const seal = (vault: ReturnType<typeof openVault>, tenantId: TenantId | undefined) =>
      vault.encryptToken(token, { ...sealContext, tenantId: tenantId ?? acme });
    for (const tenant of tenants) await seal(openVault(aws.instance('MAKER')), tenant);
    const [first, second, third] = tenants;
    const bounded = openVault({
      ...aws.instance('BOUNDED'),
      cache: { maxTenants: 2, maxAgeSeconds: 300 },
    });
    const calls = () => aws.calls('kms:Decrypt', 'BOUNDED');

    await seal(bounded, first);
    await seal(bounded, second);
    await seal(bounded, first);
    await seal(bounded, third);
    expect(calls()).toBe(3);

    await seal(bounded, first);
    await seal(bounded, third);
    expect(calls()).toBe(3);

    await seal(bounded, second);
    expect(calls()).toBe(4);
  });

  it('stores nothing when its maximum age is zero', async () => {
    await openVault(aws.instance('OWNER')).encryptToken(token, { ...sealContext, tenantId: globex });
    const vault = openVault({
      ...aws.instance('FORGETFUL'),
      cache: { maxTenants: 1_000, maxAgeSeconds: 0 },
    });

    for (let turn = 0; turn < 3; turn += 1) {
      await vault.encryptToken(token, { ...sealContext, tenantId: globex });
    }

    expect(aws.calls('kms:Decrypt', 'FORGETFUL')).toBe(3);
  });

  it('does not extend the lifetime of a key when the clock is set back', async () => {
    const vault = openVault(aws.instance('SET-BACK'));
    await vault.encryptToken(token, sealContext);
    const before = aws.calls('kms:Decrypt', 'SET-BACK');

    aws.clock.now -= 10 * minutes;
    await vault.encryptToken(token, sealContext);
    aws.clock.now += 5 * minutes;
    await vault.encryptToken(token, sealContext);

    expect(aws.calls('kms:Decrypt', 'SET-BACK')).toBe(before + 1);
  });

  it('reports each cache lookup and each KMS call', async () => {
    const looks: boolean[] = [];
    const operations: string[] = [];
    const vault = openVault({
      ...aws.instance('REPORTING'),
      onCache: (hit) => looks.push(hit),
      onKmsCall: (operation) => operations.push(operation),
    });
    const context = { ...sealContext, tenantId: 'reported' as TenantId };

    const sealed = await vault.encryptToken(token, context);
    await vault.decryptToken(sealed, context);
    aws.clock.now += 5 * minutes;
    await vault.decryptToken(sealed, context);

    expect(looks).toEqual([false, true, false]);
    expect(operations).toEqual(['GenerateDataKey', 'Decrypt']);
  });
});
