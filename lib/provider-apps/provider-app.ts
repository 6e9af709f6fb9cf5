/**
 * Provider apps: the OAuth clients registered at platforms, both the operator's shared ones and tenants' own. The record
 * holds the public part; the client secret is stored in Secrets Manager and read when Hawser calls the platform.
 */
import * as z from 'zod/mini';
import type { SecretSource } from '../aws/secret-source.ts';
import { IntegrationError } from '../errors.ts';
import { type AppId, type ProviderId, storedId, type TenantId } from '../ids.ts';
import { storedEndpoints } from '../oauth/stored-endpoints.ts';
import { exists } from '../table/condition.ts';
import { appIndexEntry, appKey, appSortPrefix, sharedApps, tenantPartition } from '../table/keys.ts';
import type { Item, Table } from '../table/table.ts';
import { type Decide, type Updated, updateItem } from '../table/update.ts';
import { Secret } from '../telemetry/secret.ts';
import type { ReadonlyOutput } from '../vocabulary.ts';

/** An authorization server as it described itself when the app was registered. */
const registeredServer = z.object({
  issuer: z.string(),
  issuerInResponse: z.boolean(),
  endpoints: storedEndpoints,
});

const record = z.object({
  appId: storedId<AppId>(),
  provider: storedId<ProviderId>(),
  /** The tenant whose own app this is; absent for the operator's shared one. */
  tenantId: z.exactOptional(storedId<TenantId>()),
  /** Empty for a platform whose users enter credentials: it has no OAuth client, and no secret. */
  clientId: z.string(),
  /** Secrets Manager id of the client's secrets. */
  secretId: z.string(),
  /** Raised whenever the registration changes, so that a flow in progress notices. */
  version: z.number(),
  /** What the provider's definition asks the operator for. */
  settings: z.record(z.string(), z.string()),
  /** Frozen when the app was registered, for providers that have none of their own. */
  server: z.exactOptional(registeredServer),
});
export type ProviderApp = ReadonlyOutput<typeof record>;

/** What an operator registers; the version counts the changes of it. */
export type Registration = Omit<ProviderApp, 'version'>;

const attributesOf = (app: ProviderApp): Item => ({
  ...app,
  ...appIndexEntry(app.tenantId, app.provider, app.appId),
});

const secretRecord = z.object({ clientId: z.string(), clientSecret: z.string() });

export type ProviderAppStore = ReturnType<typeof createProviderAppStore>;

export function createProviderAppStore(table: Table) {
  return {
    async get(appId: AppId): Promise<ProviderApp | undefined> {
      const item = await table.get(appKey(appId));
      return item && record.parse(item);
    },

    /**
     * Registers an app, or changes its registration, as `decide` returns it for the current one. Each change is a new version.
     */
    update(
      appId: AppId,
      decide: Decide<Registration, ProviderApp | undefined>,
    ): Promise<Updated<ProviderApp>> {
      const item = {
        table,
        key: appKey(appId),
        revision: 'version',
        read: (stored: Item) => record.parse(stored),
        write: attributesOf,
      };
      // The version that is written is the one that counts this change.
      return updateItem<ProviderApp>(item, (before) => {
        const wanted = decide(before);
        return wanted && { ...wanted, version: before?.version ?? 0 };
      });
    },

    remove(appId: AppId): Promise<boolean> {
      return table.delete(appKey(appId), exists('pk'));
    },

    /** The shared apps, or one tenant's own. */
    async list(tenantId?: TenantId): Promise<readonly ProviderApp[]> {
      const page = await table.page(
        {
          index: 'byTenant',
          partition: tenantId === undefined ? sharedApps : tenantPartition(tenantId),
          sortPrefix: appSortPrefix,
          limit: 100,
        },
        Object.keys(record.shape),
      );
      return page.items.map((item) => record.parse(item));
    },
  };
}

/**
 * The client secret of an app.
 * @param fresh reads past the cache, after the platform refused the secret in memory.
 * @throws IntegrationError `OAUTH_INIT_ERROR` when the operator has not filled it in, or it belongs to another client id.
 */
export async function readClientSecret(
  secrets: SecretSource,
  app: Pick<ProviderApp, 'secretId' | 'clientId'>,
  fresh = false,
): Promise<Secret> {
  const parsed = secretRecord.safeParse(await secrets.read(app.secretId, { fresh }));
  if (!parsed.success || parsed.data.clientSecret === '') {
    throw new IntegrationError(
      'OAUTH_INIT_ERROR',
      'The secret of this provider app is not filled in. Run `hawser app set`.',
    );
  }
  if (parsed.data.clientId !== app.clientId) {
    throw new IntegrationError('OAUTH_INIT_ERROR', 'This provider app was registered again. Start again.');
  }
  return new Secret(parsed.data.clientSecret);
}
