/** Tenants: an id is never reused, and concurrent changes do not overwrite each other. */
import { describe, expect, it } from 'vitest';
import type { AppId, ProviderId, TenantId } from '../../lib/ids.ts';
import { createTenantStore, type Tenant, type TenantStore, withApp } from '../../lib/tenants/tenant.ts';
import { aTenant, tenantId, tiktok, winners } from '../support/records.ts';
import { onEachEngine } from '../table/engines.ts';

const own = 'app_own' as AppId;
const reddit = 'reddit' as ProviderId;

/** Answers the tenant as it is after the change, or nothing where there is none. */
async function change(tenants: TenantStore, id: TenantId, to: Partial<Tenant>): Promise<Tenant | undefined> {
  const updated = await tenants.update(id, (tenant) => ({ ...tenant, ...to }));
  return updated.kind === 'updated' ? updated.value : undefined;
}

/** Answers whether there is such a tenant. */
async function useApp(
  tenants: TenantStore,
  id: TenantId,
  provider: ProviderId,
  appId: AppId | undefined,
): Promise<boolean> {
  return (await tenants.update(id, (tenant) => withApp(tenant, provider, appId))).kind === 'updated';
}

onEachEngine((engine) => {
  async function stored(changes: Parameters<typeof aTenant>[0] = {}) {
    const tenants = createTenantStore(await engine.newTable());
    await tenants.create(aTenant(changes));
    return tenants;
  }

  describe('a tenant', () => {
    it('is returned as it was stored, and an unknown one is undefined', async () => {
      const tenants = await stored({ kmsKeyId: 'alias/own', apps: { tiktok: own } });

      expect(await tenants.get(tenantId)).toEqual(aTenant({ kmsKeyId: 'alias/own', apps: { tiktok: own } }));
      expect(await tenants.get('nobody' as TenantId)).toBeUndefined();
    });

    it('row 10: reserves its id for ever, even after its deletion', async () => {
      const tenants = createTenantStore(await engine.newTable());

      const created = await Promise.all(Array.from({ length: 5 }, () => tenants.create(aTenant())));
      await change(tenants, tenantId, { status: 'deleted' });

      expect(winners(created)).toBe(1);
      expect(await tenants.create(aTenant())).toBe(false);
      expect((await tenants.get(tenantId))?.status).toBe('deleted');
    });

    it('changes only the named settings', async () => {
      const tenants = await stored();

      const changed = await change(tenants, tenantId, { directLinking: true, returnUrls: [] });

      expect(changed).toEqual(aTenant({ directLinking: true, returnUrls: [] }));
      expect(await tenants.get(tenantId)).toEqual(changed);
      expect(await change(tenants, 'nobody' as TenantId, { name: 'x' })).toBeUndefined();
      expect(await tenants.get('nobody' as TenantId)).toBeUndefined();
    });
  });

  describe('concurrent changes of a tenant', () => {
    it('are all kept', async () => {
      const tenants = await stored({ returnUrls: [] });
      const urls = Array.from({ length: 6 }, (_each, index) => `https://app.example/${index}`);

      const updated = await Promise.all([
        ...urls.map((url) =>
          tenants.update(tenantId, (one) => ({ ...one, returnUrls: [...one.returnUrls, url] })),
        ),
        tenants.update(tenantId, (one) => ({ ...one, kmsKeyId: 'alias/own' })),
        tenants.update(tenantId, (one) => withApp(one, tiktok, own)),
      ]);

      const found = await tenants.get(tenantId);
      expect(updated.map(({ kind }) => kind)).toEqual(updated.map(() => 'updated'));
      expect(found?.returnUrls.toSorted()).toEqual(urls);
      expect(found).toMatchObject({ kmsKeyId: 'alias/own', apps: { tiktok: own } });
    });

    it('fail with a conflict when other writers win every round', async () => {
      const table = await engine.newTable();
      const tenants = createTenantStore(table);
      await tenants.create(aTenant());
      const rival = createTenantStore(table);
      const racing = createTenantStore({
        ...table,
        async get(key, attributes) {
          const item = await table.get(key, attributes);
          await rival.update(tenantId, (one) => ({ ...one, name: `${one.name}!` }));
          return item;
        },
      });

      const updated = await racing.update(tenantId, (one) => ({ ...one, name: 'mine' }));

      expect(updated).toEqual({ kind: 'conflict' });
      expect((await tenants.get(tenantId))?.name).toMatch(/^Acme!+$/);
    });
  });

  describe("a tenant's own app", () => {
    it('replaces the shared app until it is removed', async () => {
      const tenants = await stored();

      expect(await useApp(tenants, tenantId, tiktok, own)).toBe(true);
      expect((await tenants.get(tenantId))?.apps).toEqual({ tiktok: own });
      expect(await useApp(tenants, tenantId, tiktok, own)).toBe(true);
      expect(await useApp(tenants, tenantId, tiktok, undefined)).toBe(true);
      expect((await tenants.get(tenantId))?.apps).toEqual({});
    });

    it('does not overwrite a concurrent change of another app', async () => {
      const tenants = await stored();
      const names = ['tiktok', 'reddit', 'openid', 'slack', 'asana'] as ProviderId[];

      await Promise.all(
        names.map((name) => useApp(tenants, tenantId, name, `app_${name}` as string as AppId)),
      );

      const expected = Object.fromEntries(names.map((name) => [name, `app_${name}`]));
      expect((await tenants.get(tenantId))?.apps).toEqual(expected);
    });

    it('does not create a tenant', async () => {
      const tenants = await stored();

      expect(await useApp(tenants, 'nobody' as TenantId, reddit, own)).toBe(false);
      expect(await tenants.get('nobody' as TenantId)).toBeUndefined();
    });
  });

  describe('the list of tenants', () => {
    it('pages through all tenants, deleted ones included', async () => {
      const tenants = createTenantStore(await engine.newTable());
      const ids = Array.from({ length: 103 }, (_each, index) => `tenant-${String(index).padStart(3, '0')}`);
      await Promise.all(ids.map((id) => tenants.create(aTenant({ id: id as TenantId }))));
      await change(tenants, 'tenant-001' as TenantId, { status: 'deleted' });

      const first = await tenants.list();
      const second = await tenants.list(first.last);

      expect([...first.tenants, ...second.tenants].map(({ id }) => id)).toEqual(ids);
      expect(first.tenants).toHaveLength(100);
      expect(first.tenants[1]?.status).toBe('deleted');
      expect(second.last).toBeUndefined();
    });
  });
});
