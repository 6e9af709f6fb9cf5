/** API keys in the table: a digest and never the key; a tenant sees and revokes its own only. */
import { expect, it } from 'vitest';
import { createApiKeyStore, mintApiKey, parseApiKey, provesApiKey } from '../../lib/access/api-key.ts';
import type { TenantId } from '../../lib/ids.ts';
import { tenantId } from '../support/records.ts';
import { onEachEngine } from '../table/engines.ts';

onEachEngine((engine) => {
  async function stored() {
    const table = await engine.newTable();
    const apiKeys = createApiKeyStore(table);
    const { text, key } = mintApiKey(tenantId, 'backend', 1_000);
    await apiKeys.create(key);
    return { table, apiKeys, text, key };
  }

  it('the store returns a key as it was stored, and undefined for an unknown key', async () => {
    const { apiKeys, key } = await stored();

    expect(await apiKeys.get(key.id)).toEqual({ ...key, digest: new Uint8Array(key.digest) });
    expect(await apiKeys.get('0123456789abcdef')).toBeUndefined();
  });

  it('row 16: the store keeps only the digest of a key', async () => {
    const { table, text, key } = await stored();
    const secret = parseApiKey(text.reveal())?.secret ?? '';

    const item = await table.get({ pk: `api-key#${key.id}`, sk: 'api-key' });

    const written = JSON.stringify(item, (_name, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
    );
    expect(secret).toHaveLength(64);
    expect(written).not.toContain(secret);
    expect(written).toContain(Buffer.from(key.digest).toString('hex'));
  });

  it('the store refuses a key whose id is already in use', async () => {
    const { apiKeys, key } = await stored();

    expect(await apiKeys.create({ ...key, label: 'other' })).toBe(false);
    expect((await apiKeys.get(key.id))?.label).toBe('backend');
  });

  it('row 10: a tenant can revoke its own keys only', async () => {
    const { apiKeys, text, key } = await stored();
    const secret = parseApiKey(text.reveal())?.secret ?? '';

    expect(await apiKeys.revoke('other' as TenantId, key.id)).toBe(false);
    expect(await apiKeys.revoke(tenantId, 'unknown')).toBe(false);
    expect(provesApiKey((await apiKeys.get(key.id)) ?? key, secret)).toBe(true);
    expect(await apiKeys.revoke(tenantId, key.id)).toBe(true);
    expect(provesApiKey((await apiKeys.get(key.id)) ?? key, secret)).toBe(false);
  });

  it("row 10: a tenant's list holds all its keys, revoked ones included, and no other tenant's", async () => {
    const { apiKeys, key } = await stored();
    const more = Array.from(
      { length: 104 },
      (_each, index) => mintApiKey(tenantId, `key ${index}`, 1_000).key,
    );
    await Promise.all(more.map((one) => apiKeys.create(one)));
    await apiKeys.create(mintApiKey('other' as TenantId, 'theirs', 1_000).key);
    await apiKeys.revoke(tenantId, key.id);

    const listed = await apiKeys.list(tenantId);

    expect(listed.map(({ id }) => id).sort()).toEqual([key, ...more].map(({ id }) => id).sort());
    expect(listed.find(({ id }) => id === key.id)?.status).toBe('revoked');
  });
});
