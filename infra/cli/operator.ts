/**
 * What an operator can do, the same against AWS and against this machine: tenants, API keys, return URLs, provider
 * apps, the secrets that hold it together. Every verb can be repeated; none prints anything.
 */
import type { KMSClient } from '@aws-sdk/client-kms';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { createConnectionStore } from '../../lib/connections/connection-store.ts';
import {
  type ContextId,
  newContextId,
  type ProviderId,
  type TenantId,
  tenantIdPattern,
  token,
} from '../../lib/ids.ts';
import { discoverServer } from '../../lib/oauth/discovery.ts';
import type { PlatformHttp } from '../../lib/platform-http/platform-http.ts';
import type { Provider } from '../../lib/providers/definition.ts';
import type { Registry } from '../../lib/providers/registry.ts';
import type { Table } from '../../lib/table/table.ts';
import type { Secret } from '../../lib/telemetry/secret.ts';
import { createApiKeyStore, mintApiKey } from '../../lib/tenants/api-key.ts';
import { createProviderAppStore, type ProviderApp } from '../../lib/tenants/provider-app.ts';
import { parseReturnUrl } from '../../lib/tenants/return-url.ts';
import { createSessionKey, publishSessionKey } from '../../lib/tenants/session-token.ts';
import { createTenantStore, type Tenant } from '../../lib/tenants/tenant.ts';
import { deleteTenantKeys, rotateTenantKey } from '../../lib/vault/tenant-key-versions.ts';

export interface OperatorParts {
  readonly connections: Table;
  readonly secrets: SecretsManagerClient;
  readonly kms: KMSClient;
  readonly names: {
    readonly vaultKeyId: string;
    readonly stateSecretId: string;
    readonly sessionKeySecretId: string;
    readonly appSecretPrefix: string;
  };
  readonly registry: Registry;
  readonly http: PlatformHttp;
  readonly insecureOrigins: readonly string[];
  readonly now: () => number;
}

export interface AppInput {
  readonly provider: string;
  /** The tenant whose own app it is; absent for the shared one. */
  readonly tenantId?: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly settings: Readonly<Record<string, string>>;
  /** For providers whose endpoints are discovered. */
  readonly issuer?: string;
}

export type Operator = ReturnType<typeof createOperator>;

export function createOperator(parts: OperatorParts) {
  const { connections, secrets, kms, names, registry, now } = parts;
  const tenants = createTenantStore(connections);
  const apiKeys = createApiKeyStore(connections);
  const apps = createProviderAppStore(connections);
  const vaultParts = {
    kms,
    table: connections,
    keyId: names.vaultKeyId,
    kmsKeyOf: async (id: TenantId) => (await tenants.get(id))?.kmsKeyId,
    now,
  };

  return {
    tenants,
    apiKeys,
    apps,

    /** Fills the secrets that Hawser makes itself, where they are still empty. Answers what it made. */
    async setUp(): Promise<readonly string[]> {
      const made: string[] = [];
      if (!(await isFilled(names.stateSecretId, 'current'))) {
        await writeSecret(names.stateSecretId, { current: token(32), previous: '' });
        made.push('state secret');
      }
      if (!(await isFilled(names.sessionKeySecretId, 'privateKey'))) {
        await this.rotateSessionKey();
        made.push('session signing key');
      }
      return made;
    },

    /** A new state secret; flows under way stay valid under the one before. */
    async rotateStateSecret(): Promise<void> {
      const before = await readSecret(names.stateSecretId);
      await writeSecret(names.stateSecretId, { current: token(32), previous: before?.['current'] ?? '' });
    },

    /** A new session signing key. Verifiers learn of it first, so that no token is signed that nobody can check. */
    async rotateSessionKey(): Promise<void> {
      const { keyId, privateKey, publicKey } = createSessionKey();
      await publishSessionKey(connections, keyId, publicKey);
      await writeSecret(names.sessionKeySecretId, { keyId, privateKey });
    },

    async createTenant(id: string, name: string): Promise<Tenant> {
      if (!tenantIdPattern.test(id)) {
        throw new Error(
          'A tenant id has 2-63 lower-case letters, digits and dashes, and begins with no dash.',
        );
      }
      const tenant: Tenant = {
        id: id as TenantId,
        name,
        status: 'active',
        returnUrls: [],
        directLinking: false,
        apps: {},
        createdAt: now(),
      };
      if (!(await tenants.create(tenant))) throw new Error(`Tenant "${id}" exists or has existed.`);
      return tenant;
    },

    async requireTenant(id: string): Promise<Tenant> {
      const tenant = await tenants.get(id as TenantId);
      if (!tenant) throw new Error(`There is no tenant "${id}".`);
      return tenant;
    },

    /** The key's text is in the answer and nowhere else. */
    async createApiKey(
      tenantId: string,
      label: string,
    ): Promise<{ readonly id: string; readonly text: Secret }> {
      const tenant = await this.requireTenant(tenantId);
      if (tenant.status !== 'active') throw new Error(`Tenant "${tenantId}" has been deleted.`);
      const { text, key } = mintApiKey(tenant.id, label, now());
      await apiKeys.create(key);
      return { id: key.id, text };
    },

    async addReturnUrl(tenantId: string, url: string): Promise<readonly string[]> {
      const tenant = await this.requireTenant(tenantId);
      const parsed = parseReturnUrl(url, parts.insecureOrigins);
      const returnUrls = [...new Set([...tenant.returnUrls, parsed])];
      await tenants.change(tenant.id, { returnUrls });
      return returnUrls;
    },

    async removeReturnUrl(tenantId: string, url: string): Promise<readonly string[]> {
      const tenant = await this.requireTenant(tenantId);
      const returnUrls = tenant.returnUrls.filter((known) => known !== url);
      if (returnUrls.length === tenant.returnUrls.length)
        throw new Error('This return URL is not registered.');
      await tenants.change(tenant.id, { returnUrls });
      return returnUrls;
    },

    /** Registers a provider app or changes its registration; its redirect URI is the callback of its context. */
    async setApp(input: AppInput): Promise<ProviderApp> {
      const provider = registry.find(input.provider);
      if (!provider) throw new Error(`There is no provider "${input.provider}".`);
      requireSettings(provider, input.settings);
      const tenant = input.tenantId === undefined ? undefined : await this.requireTenant(input.tenantId);
      const context =
        tenant === undefined ? sharedContext(provider) : (tenant.apps[provider.id] ?? newContextId());
      const server = await discover(provider, input.issuer);
      const secretId = `${names.appSecretPrefix}${context}`;
      await writeSecret(secretId, { clientId: input.clientId, clientSecret: input.clientSecret });
      const app = await apps.save({
        context,
        provider: provider.id,
        clientId: input.clientId,
        secretId,
        settings: input.settings,
        ...(tenant && { tenantId: tenant.id }),
        ...(server && { server }),
      });
      if (tenant) await tenants.useApp(tenant.id, provider.id, context);
      return app;
    },

    /** Connections of a removed app cannot be renewed or revoked any more. */
    async removeApp(provider: string, tenantId?: string): Promise<void> {
      const tenant = tenantId === undefined ? undefined : await this.requireTenant(tenantId);
      const context = tenant === undefined ? (provider as ContextId) : tenant.apps[provider];
      if (context === undefined || !(await apps.remove(context)))
        throw new Error('This app is not registered.');
      if (tenant) await tenants.useApp(tenant.id, provider as ProviderId, undefined);
    },

    /** Raises the tenant's key version; what is sealed stays readable, and is sealed anew as it is renewed. */
    async rotateTenantKey(tenantId: string): Promise<number> {
      return rotateTenantKey(vaultParts, (await this.requireTenant(tenantId)).id);
    },

    /**
     * Ends a tenant: its API keys first, then the keys that open its credentials, for good. Refused while it has
     * connections, because nobody could revoke them at the platforms any more.
     */
    async deleteTenant(tenantId: string): Promise<void> {
      const tenant = await this.requireTenant(tenantId);
      const page = await createConnectionStore(connections).list({ tenantId: tenant.id, limit: 1 });
      if (page === 'invalid_cursor' || page.connections.length > 0) {
        throw new Error(`Tenant "${tenantId}" still has connections. Disconnect them first.`);
      }
      await tenants.change(tenant.id, { status: 'deleted' });
      for (const key of await apiKeys.list(tenant.id)) await apiKeys.revoke(tenant.id, key.id);
      await deleteTenantKeys(vaultParts, tenant.id);
    },
  };

  async function discover(provider: Provider, issuer: string | undefined): Promise<ProviderApp['server']> {
    if (provider.endpoints !== 'registered') return undefined;
    if (issuer === undefined) throw new Error(`Provider "${provider.id}" needs its issuer.`);
    return discoverServer(parts.http, issuer);
  }

  async function readSecret(id: string): Promise<Record<string, string> | undefined> {
    try {
      const { SecretString = '' } = await secrets.send(new GetSecretValueCommand({ SecretId: id }));
      return JSON.parse(SecretString) as Record<string, string>;
    } catch (error) {
      if (error instanceof ResourceNotFoundException || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  async function isFilled(id: string, field: string): Promise<boolean> {
    return (await readSecret(id))?.[field] !== undefined;
  }

  async function writeSecret(id: string, value: Readonly<Record<string, string>>): Promise<void> {
    const SecretString = JSON.stringify(value);
    try {
      await secrets.send(new CreateSecretCommand({ Name: id, SecretString }));
    } catch (error) {
      if (!(error instanceof ResourceExistsException) && !id.startsWith('arn:')) throw error;
      await secrets.send(new PutSecretValueCommand({ SecretId: id, SecretString }));
    }
  }
}

/** A shared app's context is its provider's id. */
function sharedContext(provider: Provider): ContextId {
  return provider.id as string as ContextId;
}

function requireSettings(provider: Provider, settings: Readonly<Record<string, string>>): void {
  const missing = Object.entries(provider.appSettings ?? {}).filter(([name]) => !settings[name]);
  if (missing.length > 0) {
    const list = missing.map(([name, meaning]) => `${name} (${meaning})`).join(', ');
    throw new Error(`Provider "${provider.id}" needs the setting ${list}.`);
  }
}
