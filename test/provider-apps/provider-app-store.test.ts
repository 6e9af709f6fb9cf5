/** Provider apps: each change creates a new version, so that a running flow detects it; a tenant's own app stays private to it. */
import { describe, expect, it } from 'vitest';
import type { AppId, ProviderId, TenantId } from '../../lib/ids.ts';
import {
  createProviderAppStore,
  type ProviderApp,
  type ProviderAppStore,
  type Registration,
} from '../../lib/provider-apps/provider-app.ts';
import { sharedTikTok, tenantId, tiktok } from '../support/records.ts';
import { onEachEngine } from '../table/engines.ts';

const shared = {
  appId: sharedTikTok,
  provider: tiktok,
  clientId: 'client',
  secretId: 'hawser/apps/tiktok',
  settings: {},
};
const own = {
  appId: 'app_0123456789abcdefghijkl' as AppId,
  provider: 'openid' as ProviderId,
  tenantId,
  clientId: 'own',
  secretId: 'hawser/apps/own',
  settings: { userAgent: 'web:example:v1' },
  server: {
    issuer: 'https://id.example',
    issuerInResponse: true,
    endpoints: {
      authorization: 'https://id.example/authorize',
      token: 'https://id.example/token',
      profile: 'https://id.example/me',
      jwks: 'https://id.example/jwks',
    },
  },
};

async function save(apps: ProviderAppStore, app: Registration): Promise<ProviderApp> {
  const updated = await apps.update(app.appId, () => app);
  if (updated.kind !== 'updated') throw new Error(`The app was not saved: ${updated.kind}.`);
  return updated.value;
}

onEachEngine((engine) => {
  const store = async () => createProviderAppStore(await engine.newTable());

  describe('a provider app', () => {
    it('is returned as it was registered, endpoints included', async () => {
      const apps = await store();

      const saved = await save(apps, own);

      expect(saved).toEqual({ ...own, version: 1 });
      expect(await apps.get(own.appId)).toEqual(saved);
      expect(await apps.get('app_unknown' as AppId)).toBeUndefined();
    });

    it('row 1: has a new version after each change of its registration', async () => {
      const apps = await store();
      await save(apps, shared);

      const second = await save(apps, { ...shared, clientId: 'changed' });

      expect(second.version).toBe(2);
      expect(await apps.get(sharedTikTok)).toEqual({ ...shared, clientId: 'changed', version: 2 });
    });

    it('loses no setting under concurrent registrations, and counts both', async () => {
      const apps = await store();
      const withSetting = (name: string) =>
        apps.update(sharedTikTok, (before) => ({
          ...shared,
          settings: { ...before?.settings, [name]: 'set' },
        }));

      await Promise.all(['one', 'two', 'three'].map(withSetting));

      expect(await apps.get(sharedTikTok)).toEqual({
        ...shared,
        settings: { one: 'set', two: 'set', three: 'set' },
        version: 3,
      });
    });

    it('drops every setting that the next registration leaves out', async () => {
      const apps = await store();
      await save(apps, own);
      const { server: _server, ...rest } = own;

      await save(apps, rest);

      expect(await apps.get(own.appId)).toEqual({ ...rest, version: 2 });
    });

    it('does not exist after its deletion', async () => {
      const apps = await store();
      await save(apps, shared);

      expect(await apps.remove(sharedTikTok)).toBe(true);
      expect(await apps.remove(sharedTikTok)).toBe(false);
      expect(await apps.get(sharedTikTok)).toBeUndefined();
    });

    it("row 10: is listed with the shared ones or with its tenant's", async () => {
      const apps = await store();
      await save(apps, shared);
      await save(apps, own);
      await save(apps, { ...own, appId: 'app_theirs' as AppId, tenantId: 'other' as TenantId });

      expect((await apps.list()).map(({ appId }) => appId)).toEqual([sharedTikTok]);
      expect((await apps.list(tenantId)).map(({ appId }) => appId)).toEqual([own.appId]);
    });
  });
});
