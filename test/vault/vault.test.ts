/** The vault's interface: which context opens a token, and which KMS key protects it. */
import { inspect } from 'node:util';
import { DisableKeyCommand, EncryptCommand } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IntegrationError } from '../../lib/errors.ts';
import type { ProviderId, TenantId } from '../../lib/ids.ts';
import { exists } from '../../lib/table/condition.ts';
import { wrappedKeyKey } from '../../lib/table/keys.ts';
import type { SealContext } from '../../lib/vault/seal-context.ts';
import { doesNotOpen } from '../../lib/vault/sealing.ts';
import { rotateTenantKey } from '../../lib/vault/tenant-key-versions.ts';
import { openVault } from '../../lib/vault/vault.ts';
import { acme, globex, sealContext, startVaultAws, token, type VaultAws } from './vault-on-aws.ts';

let aws: VaultAws;
let tenantCount = 0;

beforeAll(async () => {
  aws = await startVaultAws();
});
afterAll(() => aws.close());

describe('the vault', () => {
  it('returns the tokens it sealed, and distinguishes sealed from plain values', async () => {
    const vault = openVault(aws.instance('A'));

    const sealed = await vault.encryptToken(token, sealContext);
    const opened = await vault.decryptToken(sealed, sealContext);

    expect(opened.reveal()).toBe(token.reveal());
    expect(vault.isEncrypted(sealed)).toBe(true);
    expect(vault.isEncrypted(token.reveal())).toBe(false);
    expect(Buffer.from(sealed).includes('s4ndb0x')).toBe(false);
  });

  it('row 8: refuses a sealed token moved to another tenant that has a key of its own', async () => {
    const vault = openVault(aws.instance('A'));
    const sealed = await vault.encryptToken(token, sealContext);
    await vault.encryptToken(token, { ...sealContext, tenantId: globex });

    const moved = vault.decryptToken(sealed, { ...sealContext, tenantId: globex });

    await expect(moved).rejects.toMatchObject({ code: 'VAULT_ERROR', message: doesNotOpen().message });
  });

  it.each([
    ['kind of record', { kind: 'flow' }],
    ['connection', { recordId: 'con_2' }],
    ['field', { field: 'refreshToken' }],
    ['provider', { provider: 'slack' as ProviderId }],
    ['account', { account: '43' }],
  ] satisfies [string, Partial<SealContext>][])(
    'row 8: refuses a sealed token moved to another %s',
    async (_name, change) => {
      const vault = openVault(aws.instance('A'));
      const sealed = await vault.encryptToken(token, sealContext);

      const moved = vault.decryptToken(sealed, { ...sealContext, ...change });

      await expect(moved).rejects.toMatchObject({ code: 'VAULT_ERROR', message: doesNotOpen().message });
    },
  );

  it('row 8: refuses a tenant key moved to another tenant, purpose or version', async () => {
    const source = newPlace();
    const other = newPlace();
    const { tenantId } = source;
    const instance = aws.instance('A');
    await openVault(instance).encryptToken(token, source);
    const own = await aws.table.get(wrappedKeyKey(tenantId, 'credentials', 1));
    const stolen = { wrappedKey: own?.['wrappedKey'], wrappedUnder: own?.['wrappedUnder'] };
    await aws.table.put(wrappedKeyKey(other.tenantId, 'credentials', 1), stolen);
    await aws.table.put(wrappedKeyKey(tenantId, 'destinations', 1), stolen);
    await aws.table.put(wrappedKeyKey(tenantId, 'credentials', 2), stolen);
    const destinations = openVault({ ...instance, purpose: 'destinations' });

    const attempts = await Promise.all([
      openVault(instance).safeEncrypt(token, other),
      destinations.safeEncrypt(token, { ...source, kind: 'destination' }),
      openVault(instance).safeEncrypt(token, source),
    ]);

    for (const attempt of attempts) {
      expect(attempt).toMatchObject({
        ok: false,
        error: {
          code: 'VAULT_ERROR',
          cause: expect.objectContaining({ name: 'InvalidCiphertextException' }),
        },
      });
    }
  });

  it('fails identically for an unknown version, a tenant without a key and a changed byte', async () => {
    const instance = aws.instance('A');
    const context = newPlace();
    const sealed = await openVault(instance).encryptToken(token, context);
    const unknownVersion = Uint8Array.from(sealed);
    new DataView(unknownVersion.buffer).setUint32(1, 99);
    const changed = Uint8Array.from(sealed);
    changed[90] = (changed[90] ?? 0) ^ 1;
    const vault = openVault(instance);

    const failures = await Promise.all([
      vault.safeDecrypt(unknownVersion, context),
      vault.safeDecrypt(sealed, newPlace()),
      vault.safeDecrypt(changed, context),
    ]);

    for (const failure of failures) {
      expect(failure).toEqual({ ok: false, error: doesNotOpen() });
      expect(failure.ok || failure.error.cause).toBeUndefined();
    }
  });

  it('returns results instead of exceptions from its safe methods', async () => {
    const vault = openVault(aws.instance('A'));

    const sealed = await vault.safeEncrypt(token, sealContext);
    const opened = sealed.ok ? await vault.safeDecrypt(sealed.value, sealContext) : sealed;
    const refused = await vault.safeDecrypt(new Uint8Array(3), sealContext);
    const broken = await openVault({
      ...aws.instance('B'),
      kmsKeyOf: () => Promise.reject(new TypeError('s4ndb0x')),
    }).safeEncrypt(token, newPlace());

    expect(opened.ok && opened.value.reveal()).toBe(token.reveal());
    expect(refused).toMatchObject({ ok: false, error: { code: 'VAULT_ERROR' } });
    expect(broken).toMatchObject({ ok: false, error: { code: 'VAULT_ERROR', message: 'The vault failed.' } });
  });
});

describe("the vault's KMS permissions", () => {
  it('row 23: keep destination secrets and credentials apart', async () => {
    const context = newPlace();
    const destination = { ...context, kind: 'destination' } as const;
    const owner = aws.instance('OWNER');
    const sealed = await openVault(owner).encryptToken(token, context);
    const secret = await openVault({ ...owner, purpose: 'destinations' }).encryptToken(token, destination);
    aws.grant('DELIVERER', [
      { actions: ['dynamodb:Query', 'dynamodb:GetItem'], resource: 'Connections' },
      { actions: ['kms:Decrypt'], resource: '*', encryptionContext: { purpose: 'destinations' } },
    ]);
    const deliverer = aws.instance('DELIVERER');

    const opened = await openVault({ ...deliverer, purpose: 'destinations' }).decryptToken(
      secret,
      destination,
    );
    const refused = openVault(deliverer).decryptToken(sealed, context);

    expect(opened.reveal()).toBe(token.reveal());
    await expect(refused).rejects.toMatchObject({
      code: 'VAULT_ERROR',
      cause: expect.objectContaining({ name: 'AccessDeniedException' }),
    });
  });

  it('row 23: never seal credentials as destination secrets, nor the other way round', async () => {
    const credentials = openVault(aws.instance('A'));
    const destinations = openVault({ ...aws.instance('A'), purpose: 'destinations' });
    const sealer = await destinations.sealerFor(acme);

    expect(() => sealer.seal(token, sealContext)).toThrow(IntegrationError);
    await expect(destinations.encryptToken(token, sealContext)).rejects.toThrow(IntegrationError);
    await expect(credentials.encryptToken(token, { ...sealContext, kind: 'destination' })).rejects.toThrow(
      IntegrationError,
    );
  });

  it('cover the tenant’s own KMS key if it has one', async () => {
    const context = newPlace();
    const ownKey = await aws.createKmsKey();
    const shared = aws.instance('SHARED');
    const withOwnKey = { ...shared, kmsKeyOf: () => Promise.resolve(ownKey) };
    const before = await openVault(shared).encryptToken(token, context);
    await rotateTenantKey(withOwnKey, context.tenantId);
    const after = await openVault(withOwnKey).encryptToken(token, context);
    const opens = async (sealed: Uint8Array) => (await openVault(withOwnKey).safeDecrypt(sealed, context)).ok;
    expect([await opens(before), await opens(after)]).toEqual([true, true]);

    await aws.kms.send(new DisableKeyCommand({ KeyId: ownKey }));

    expect([await opens(before), await opens(after)]).toEqual([true, false]);
    expect(await openVault(shared).safeDecrypt(after, context)).toMatchObject({
      ok: false,
      error: { code: 'VAULT_ERROR', message: expect.stringContaining('needs the KMS key of the tenant') },
    });
  });

  it('row 23: do not accept a tenant key that a writer of the table wrapped under a KMS key of their own', async () => {
    const context = newPlace();
    const instance = aws.instance('A');
    await openVault(instance).encryptToken(token, context);
    const { CiphertextBlob } = await aws.kms.send(
      new EncryptCommand({
        KeyId: await aws.createKmsKey(),
        Plaintext: new Uint8Array(32),
        EncryptionContext: { tenantId: context.tenantId, purpose: 'credentials', version: '1' },
      }),
    );
    await aws.table.update(
      wrappedKeyKey(context.tenantId, 'credentials', 1),
      { set: { wrappedKey: CiphertextBlob } },
      exists('pk'),
    );

    const sealing = openVault(instance).encryptToken(token, context);

    await expect(sealing).rejects.toMatchObject({
      code: 'VAULT_ERROR',
      cause: expect.objectContaining({ name: 'IncorrectKeyException' }),
    });
  });
});

describe('a sealer', () => {
  it('row 8: seals for its own tenant only', async () => {
    const vault = openVault(aws.instance('A'));
    const sealer = await vault.sealerFor(acme);

    const sealed = sealer.seal(token, sealContext);

    expect((await vault.decryptToken(sealed, sealContext)).reveal()).toBe(token.reveal());
    expect(() => sealer.seal(token, { ...sealContext, tenantId: globex })).toThrow(
      /one tenant it was made for/,
    );
  });

  it('row 23: shows neither key nor token when printed', async () => {
    const vault = openVault(aws.instance('A'));
    const sealer = await vault.sealerFor(acme);

    const printed = inspect({ vault, sealer, token }, { depth: 10, showHidden: true });

    expect(printed).not.toContain('s4ndb0x');
    expect(JSON.stringify({ vault, sealer, token })).not.toContain('s4ndb0x');
  });
});

function newPlace() {
  tenantCount += 1;
  return { ...sealContext, tenantId: `tenant-${tenantCount}` as TenantId };
}
