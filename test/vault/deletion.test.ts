/** Deletion of a tenant's keys is final under every race and interruption. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TenantId } from '../../lib/ids.ts';
import { wrappedKeyKey } from '../../lib/table/keys.ts';
import { deleteTenantKeys, rotateTenantKey } from '../../lib/vault/tenant-key-versions.ts';
import { openVault, type VaultDeps } from '../../lib/vault/vault.ts';
import { gate, sealContext, startVaultAws, token, type VaultAws } from './vault-on-aws.ts';

let aws: VaultAws;
let tenantCount = 0;
const minutes = 60_000;
const deleted = { code: 'TENANT_DELETED' };

beforeAll(async () => {
  aws = await startVaultAws();
});
afterAll(() => aws.close());

describe('deletion of a tenant’s keys', () => {
  it('stops the vault from sealing and opening credentials and destination secrets', async () => {
    const context = newPlace();
    const destination = { ...context, kind: 'destination' } as const;
    const credentials = aws.instance('A');
    const destinations = { ...aws.instance('B'), purpose: 'destinations' } as const;
    const sealed = await openVault(credentials).encryptToken(token, context);
    const sealedSecret = await openVault(destinations).encryptToken(token, destination);

    await deleteTenantKeys(credentials, context.tenantId);

    await expect(openVault(credentials).encryptToken(token, context)).rejects.toMatchObject(deleted);
    await expect(openVault(credentials).decryptToken(sealed, context)).rejects.toMatchObject(deleted);
    await expect(openVault(credentials).sealerFor(context.tenantId)).rejects.toMatchObject(deleted);
    await expect(rotateTenantKey(credentials, context.tenantId)).rejects.toMatchObject(deleted);
    await expect(openVault(destinations).decryptToken(sealedSecret, destination)).rejects.toMatchObject(
      deleted,
    );
    expect(await wrappedKeysOf(context.tenantId)).toEqual([]);
  });

  it('reaches a warm instance when its cache expires', async () => {
    const context = newPlace();
    const warm = openVault(aws.instance('WARM'));
    const sealed = await warm.encryptToken(token, context);

    await deleteTenantKeys(aws.instance('OPERATOR'), context.tenantId);
    aws.clock.now += 5 * minutes - 1;
    expect((await warm.decryptToken(sealed, context)).reveal()).toBe(token.reveal());

    aws.clock.now += 1;
    await expect(warm.decryptToken(sealed, context)).rejects.toMatchObject(deleted);
    await expect(warm.encryptToken(token, context)).rejects.toMatchObject(deleted);
  });

  it('removes every version, and leaves other tenants alone', async () => {
    const context = newPlace();
    const other = newPlace();
    const instance = aws.instance('A');
    const first = await openVault(instance).encryptToken(token, context);
    for (let turn = 0; turn < 3; turn += 1) await rotateTenantKey(instance, context.tenantId);
    const kept = await openVault(instance).encryptToken(token, other);

    await deleteTenantKeys(instance, context.tenantId);

    expect(await wrappedKeysOf(context.tenantId)).toEqual([]);
    await expect(openVault(instance).decryptToken(first, context)).rejects.toMatchObject(deleted);
    expect((await openVault(instance).decryptToken(kept, other)).reveal()).toBe(token.reveal());
  });

  it('takes effect with the tombstone, and completes when it is run again after a crash', async () => {
    const context = newPlace();
    const instance = aws.instance('CRASHING');
    const first = await openVault(instance).encryptToken(token, context);
    await rotateTenantKey(instance, context.tenantId);
    const crash = () => Promise.reject(new Error('The process ended here.'));

    const crashed = deleteTenantKeys(
      { ...instance, table: { ...instance.table, update: crash } },
      context.tenantId,
    );

    await expect(crashed).rejects.toThrow('The process ended here.');
    expect(await wrappedKeysOf(context.tenantId)).toHaveLength(2);
    await expect(openVault(instance).encryptToken(token, context)).rejects.toMatchObject(deleted);
    await expect(openVault(instance).decryptToken(first, context)).rejects.toMatchObject(deleted);

    await deleteTenantKeys(instance, context.tenantId);
    await deleteTenantKeys(instance, context.tenantId);
    expect(await wrappedKeysOf(context.tenantId)).toEqual([]);
    expect((await recordsOf(context.tenantId, 'credentials')).map((record) => record['sk'])).toEqual([
      '0000000001',
      '0000000002',
      '0000000003',
    ]);
    await expect(openVault(instance).decryptToken(first, context)).rejects.toMatchObject(deleted);
  });

  it('removes more keys than one page holds', async () => {
    const { tenantId } = newPlace();
    const key = { wrappedKey: new Uint8Array(1), wrappedUnder: 'vault', createdAt: 0 };
    const versions = Array.from({ length: 120 }, (_, at) => at + 1);
    await Promise.all(
      versions.map((version) => aws.table.put(wrappedKeyKey(tenantId, 'credentials', version), key)),
    );

    await deleteTenantKeys(aws.instance('A'), tenantId);

    expect(await recordsOf(tenantId, 'credentials')).toHaveLength(121);
    expect(await wrappedKeysOf(tenantId)).toEqual([]);
  });

  it('also works for a tenant that never had a key', async () => {
    const context = newPlace();
    const instance = aws.instance('A');

    await deleteTenantKeys(instance, context.tenantId);

    await expect(openVault(instance).encryptToken(token, context)).rejects.toMatchObject(deleted);
  });

  it('wins over a first key that is written after it', async () => {
    const context = newPlace();
    const { deps, held } = stalledAtPut('SLOW');
    const sealing = openVault(deps).encryptToken(token, context);
    await held.reached;
    const rival = aws.instance('RIVAL');
    await openVault(rival).encryptToken(token, context);

    await deleteTenantKeys(rival, context.tenantId);
    held.open();

    await expect(sealing).rejects.toMatchObject(deleted);
    expect(await wrappedKeysOf(context.tenantId)).toEqual([]);
  });

  it('wins over a rotation that is written after it', async () => {
    const context = newPlace();
    const instance = aws.instance('A');
    await openVault(instance).encryptToken(token, context);
    const { deps, held } = stalledAtPut('SLOW');
    const rotation = rotateTenantKey(deps, context.tenantId);
    await held.reached;

    await deleteTenantKeys(instance, context.tenantId);
    held.open();

    await expect(rotation).rejects.toMatchObject(deleted);
    await expect(openVault(instance).encryptToken(token, context)).rejects.toMatchObject(deleted);
    expect(await wrappedKeysOf(context.tenantId)).toEqual([]);
  });

  it('wins over rotations that are written while it reads the newest version', async () => {
    const context = newPlace();
    const instance = aws.instance('A');
    await openVault(instance).encryptToken(token, context);
    const { deps, held } = stalledAtPut('SLOW');
    const deletion = deleteTenantKeys(deps, context.tenantId);
    await held.reached;

    await rotateTenantKey(instance, context.tenantId);
    const sealed = await openVault(instance).encryptToken(token, context);
    held.open();
    await deletion;

    await expect(openVault(instance).encryptToken(token, context)).rejects.toMatchObject(deleted);
    await expect(openVault(instance).decryptToken(sealed, context)).rejects.toMatchObject(deleted);
    expect(await wrappedKeysOf(context.tenantId)).toEqual([]);
  });

  it('wins over a rotation that follows another one and is written after it', async () => {
    const context = newPlace();
    const instance = aws.instance('A');
    await openVault(instance).encryptToken(token, context);
    const slowDeletion = stalledAtPut('SLOW-DELETION');
    const slowRotation = stalledAtPut('SLOW-ROTATION');
    const deletion = deleteTenantKeys(slowDeletion.deps, context.tenantId);
    await slowDeletion.held.reached;
    await rotateTenantKey(instance, context.tenantId);
    const rotation = rotateTenantKey(slowRotation.deps, context.tenantId);
    await slowRotation.held.reached;

    slowDeletion.held.open();
    await deletion;
    slowRotation.held.open();

    await expect(rotation).rejects.toMatchObject(deleted);
    expect(await wrappedKeysOf(context.tenantId)).toEqual([]);
  });

  it('wins over many instances that seal and rotate at the same moment', async () => {
    const context = newPlace();
    const instances = Array.from({ length: 6 }, (_, at) => aws.instance(`BUSY-${at}`));

    await Promise.allSettled([
      ...instances.map((instance) => openVault(instance).encryptToken(token, context)),
      ...instances.map((instance) => rotateTenantKey(instance, context.tenantId)),
      deleteTenantKeys(aws.instance('DELETER'), context.tenantId),
      deleteTenantKeys(aws.instance('DELETER-2'), context.tenantId),
    ]);

    expect(await wrappedKeysOf(context.tenantId)).toEqual([]);
    for (const instance of instances) {
      await expect(openVault(instance).encryptToken(token, context)).rejects.toMatchObject(deleted);
    }
  });
});

function newPlace() {
  tenantCount += 1;
  return { ...sealContext, tenantId: `tenant-${tenantCount}` as TenantId };
}

/** An instance that stops just before its first write until the test releases it. */
function stalledAtPut(name: string) {
  const held = gate();
  const instance = aws.instance(name);
  const put: VaultDeps['table']['put'] = async (...write) => {
    await held.wait();
    return instance.table.put(...write);
  };
  return { held, deps: { ...instance, table: { ...instance.table, put } } };
}

async function recordsOf(tenantId: TenantId, purpose: string) {
  const partition = wrappedKeyKey(tenantId, purpose, 1).pk;
  return (await aws.table.query({ partition, limit: 1_000 })).items;
}

async function wrappedKeysOf(tenantId: TenantId): Promise<unknown[]> {
  const records = [
    ...(await recordsOf(tenantId, 'credentials')),
    ...(await recordsOf(tenantId, 'destinations')),
  ];
  return records.flatMap((record) => record['wrappedKey'] ?? []);
}
