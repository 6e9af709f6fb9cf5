/** Creation and rotation of tenant keys, by concurrent instances and despite lost answers. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TenantId } from '../../lib/ids.ts';
import { wrappedKeyKey } from '../../lib/table/keys.ts';
import { readSealed } from '../../lib/vault/sealed-format.ts';
import { rotateTenantKey } from '../../lib/vault/tenant-key-versions.ts';
import { openVault } from '../../lib/vault/vault.ts';
import { sealContext, startVaultAws, token, type VaultAws } from './vault-on-aws.ts';

let aws: VaultAws;
let tenantCount = 0;
const minutes = 60_000;

beforeAll(async () => {
  aws = await startVaultAws();
});
afterAll(() => aws.close());
beforeEach(() => aws.resetCalls());
afterEach(() => aws.interceptWith(undefined));

describe('a tenant key', () => {
  it('is the same for all instances that create it concurrently', async () => {
    const context = newPlace();
    const vaults = Array.from({ length: 20 }, (_, at) => openVault(aws.instance(`RIVAL-${at}`)));

    const sealed = await Promise.all(vaults.map((vault) => vault.encryptToken(token, context)));

    for (const vault of vaults.slice(0, 5)) {
      for (const one of sealed) {
        expect((await vault.decryptToken(one, context)).reveal()).toBe(token.reveal());
      }
    }
    expect(aws.calls('kms:GenerateDataKey')).toBeGreaterThan(1);
    expect(sealed.map((one) => readSealed(one).keyVersion)).toEqual(vaults.map(() => 1));
    expect(await versionsOf(context.tenantId)).toEqual([1]);
  });

  it.each(['dynamodb:PutItem', 'kms:GenerateDataKey'])(
    'is valid although the response of %s was lost',
    async (action) => {
      const context = newPlace();
      let lost = 0;
      aws.interceptWith((call) => {
        if (call.action !== action || lost > 0) return undefined;
        lost += 1;
        return 'drop-after';
      });

      const sealed = await openVault(aws.instance('LOSER')).encryptToken(token, context);
      const opened = await openVault(aws.instance('OTHER')).decryptToken(sealed, context);

      expect(lost).toBe(1);
      expect(opened.reveal()).toBe(token.reveal());
      expect(await versionsOf(context.tenantId)).toEqual([1]);
    },
  );

  it('is not created by an attempt to open', async () => {
    const context = newPlace();
    const sealed = await openVault(aws.instance('A')).encryptToken(token, newPlace());

    await expect(openVault(aws.instance('B')).decryptToken(sealed, context)).rejects.toMatchObject({
      code: 'VAULT_ERROR',
    });

    expect(await versionsOf(context.tenantId)).toEqual([]);
  });

  it('opens a token that another instance sealed after this one found no key', async () => {
    const context = newPlace();
    const early = openVault(aws.instance('EARLY'));
    const foreign = await openVault(aws.instance('A')).encryptToken(token, newPlace());
    await expect(early.decryptToken(foreign, context)).rejects.toMatchObject({ code: 'VAULT_ERROR' });

    const sealed = await openVault(aws.instance('B')).encryptToken(token, context);

    expect((await early.decryptToken(sealed, context)).reveal()).toBe(token.reveal());
  });

  it('is read, not created again, by an instance that found none before', async () => {
    const context = newPlace();
    const early = openVault(aws.instance('EARLY'));
    const foreign = await openVault(aws.instance('A')).encryptToken(token, newPlace());
    await expect(early.decryptToken(foreign, context)).rejects.toMatchObject({ code: 'VAULT_ERROR' });
    await openVault(aws.instance('B')).encryptToken(token, context);

    await early.encryptToken(token, context);

    expect(aws.calls('kms:GenerateDataKey', 'EARLY')).toBe(0);
  });

  it('row 23: is wiped from the buffer of the KMS response', async () => {
    const context = newPlace();
    const instance = aws.instance('WATCHED');
    const plain: Uint8Array[] = [];
    instance.kms.middlewareStack.add(
      (next) => async (args) => {
        const answer = await next(args);
        const output: unknown = answer.output;
        if (typeof output === 'object' && output !== null && 'Plaintext' in output) {
          if (output.Plaintext instanceof Uint8Array) plain.push(output.Plaintext);
        }
        return answer;
      },
      { step: 'initialize' },
    );

    await openVault(instance).encryptToken(token, context);
    await openVault(instance).encryptToken(token, context);

    expect(plain).toHaveLength(2);
    for (const bytes of plain) expect(bytes).toEqual(new Uint8Array(32));
  });

  it('row 23: is never stored in the table, and neither is a token', async () => {
    const context = newPlace();

    await openVault(aws.instance('A')).encryptToken(token, context);

    const { items } = await aws.table.query({ partition: partitionOf(context.tenantId), limit: 10 });
    expect(Object.keys(items[0] ?? {}).sort()).toEqual([
      'createdAt',
      'pk',
      'sk',
      'wrappedKey',
      'wrappedUnder',
      'writeId',
    ]);
    expect(JSON.stringify(items)).not.toContain('s4ndb0x');
  });
});

describe('the rotation of a tenant key', () => {
  it('row 23: makes the vault seal under the newest version and still open older ones', async () => {
    const context = newPlace();
    const instance = aws.instance('ROTATING');
    const first = await openVault(instance).encryptToken(token, context);

    const version = await rotateTenantKey(instance, context.tenantId);
    const after = openVault(instance);
    const second = await after.encryptToken(token, context);

    expect(version).toBe(2);
    expect(readSealed(second).keyVersion).toBe(2);
    expect((await after.decryptToken(first, context)).reveal()).toBe(token.reveal());
    expect((await after.decryptToken(second, context)).reveal()).toBe(token.reveal());
  });

  it('reaches a warm instance when its cache expires, and tokens sealed meanwhile open at once', async () => {
    const context = newPlace();
    const warm = openVault(aws.instance('WARM'));
    const sealedVersion = async () => readSealed(await warm.encryptToken(token, context)).keyVersion;
    await sealedVersion();

    await rotateTenantKey(aws.instance('OPERATOR'), context.tenantId);
    const foreign = await openVault(aws.instance('COLD')).encryptToken(token, context);

    expect((await warm.decryptToken(foreign, context)).reveal()).toBe(token.reveal());
    expect(await sealedVersion()).toBe(1);
    aws.clock.now += 5 * minutes;
    expect(await sealedVersion()).toBe(2);
  });

  it('row 23: creates a different key for every version', async () => {
    const context = newPlace();
    const instance = aws.instance('SWAPPED');
    const sealed = await openVault(instance).encryptToken(token, context);
    await rotateTenantKey(instance, context.tenantId);
    new DataView(sealed.buffer).setUint32(1, 2);

    await expect(openVault(instance).decryptToken(sealed, context)).rejects.toMatchObject({
      code: 'VAULT_ERROR',
    });
  });

  it('fails when the format has no room for another version', async () => {
    const { tenantId } = newPlace();
    const last = wrappedKeyKey(tenantId, 'credentials', 0xffff_ffff);
    await aws.table.put(last, { wrappedKey: new Uint8Array(1), wrappedUnder: 'vault', createdAt: 0 });

    await expect(rotateTenantKey(aws.instance('A'), tenantId)).rejects.toMatchObject({
      code: 'VAULT_ERROR',
      message: 'A tenant key has at most 4294967295 versions.',
    });
  });

  it('gives each of many concurrent rotations a distinct version', async () => {
    const { tenantId } = newPlace();
    const instances = Array.from({ length: 6 }, (_, at) => aws.instance(`ROTATOR-${at}`));

    const versions = await Promise.all(instances.map((instance) => rotateTenantKey(instance, tenantId)));

    expect(versions.toSorted((left, right) => left - right)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await versionsOf(tenantId)).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

function newPlace() {
  tenantCount += 1;
  return { ...sealContext, tenantId: `tenant-${tenantCount}` as TenantId };
}

function partitionOf(tenantId: TenantId): string {
  return wrappedKeyKey(tenantId, 'credentials', 1).pk;
}

async function versionsOf(tenantId: TenantId): Promise<number[]> {
  const { items } = await aws.table.query({ partition: partitionOf(tenantId), limit: 100 });
  return items.map((item) => Number(item['sk']));
}
