/** What an operator's actions depend on: the tables, the queues, the secrets, the vault's key, and their names. */

import type { KMSClient } from '@aws-sdk/client-kms';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { ApiKeyStore } from '../access/api-key.ts';
import { steadyClock } from '../cache.ts';
import { type TenantId, tenantIdPattern } from '../ids.ts';
import type { MessageQueue } from '../messages/queue-messages.ts';
import type { Resolve } from '../platform-http/pinned-connection.ts';
import type { PlatformHttp } from '../platform-http/platform-http.ts';
import type { ProviderAppStore } from '../provider-apps/provider-app.ts';
import type { Provider } from '../providers/provider.ts';
import type { Providers } from '../providers/providers.ts';
import type { Table } from '../table/table.ts';
import type { Tenant, TenantStore } from '../tenants/tenant.ts';
import type { VaultDeps } from '../vault/vault.ts';
import type { SecretStore } from './secret-store.ts';

/** The URLs of a queue and of its dead-letter queue. */
export interface QueuePair {
  readonly queue: string;
  readonly deadLetters: string;
}

/** The result of replaying many messages. */
export interface ReplayCounts {
  readonly replayed: number;
  /** Not sent, because no worker can read them. */
  readonly unreadable: number;
}

/** Every queue of the stack by its name. */
export type QueueUrls = Readonly<Record<MessageQueue, QueuePair>>;

export interface AdminDeps {
  readonly connections: Table;
  readonly activity: Table;
  readonly secrets: SecretsManagerClient;
  readonly kms: KMSClient;
  readonly sqs: SQSClient;
  readonly queueUrls: QueueUrls;
  readonly names: {
    readonly vaultKeyId: string;
    readonly stateSecretId: string;
    readonly sessionKeySecretId: string;
    readonly appSecretPrefix: string;
  };
  readonly providers: Providers;
  readonly http: PlatformHttp;
  readonly insecureOrigins: readonly string[];
  /** Whether a return URL may have a loopback address: true on a developer's machine, never on AWS. */
  readonly loopbackReturnUrls?: boolean;
  /** Resolves a host name to its addresses; the resolver of this machine when absent. */
  readonly resolve?: Resolve;
  readonly now: () => number;
}

/** The dependencies with the stores opened on them, shared by all actions. */
export interface AdminStores extends Omit<AdminDeps, 'secrets'> {
  readonly tenants: TenantStore;
  readonly apiKeys: ApiKeyStore;
  readonly apps: ProviderAppStore;
  readonly secrets: SecretStore;
}

/** What the vault needs to create and to open tenant keys. */
export function vaultDepsOf(stores: AdminStores): VaultDeps {
  return {
    kms: stores.kms,
    table: stores.connections,
    keyId: stores.names.vaultKeyId,
    kmsKeyOf: async (id) => (await stores.tenants.get(id))?.kmsKeyId,
    now: stores.now,
    monotonic: steadyClock(stores.now, () => performance.now()),
  };
}

/** Returns deleted tenants too. @throws Error when no such tenant has ever existed. */
export async function requireTenant(tenants: TenantStore, id: string): Promise<Tenant> {
  const tenant = tenantIdPattern.test(id) ? await tenants.get(id as TenantId) : undefined;
  if (!tenant) throw new Error(`There is no tenant "${id}".`);
  return tenant;
}

/** @throws Error when the tenant does not exist, or has been deleted. */
export async function requireLivingTenant(tenants: TenantStore, id: string): Promise<Tenant> {
  const tenant = await requireTenant(tenants, id);
  if (tenant.status === 'deleted') throw new Error(`Tenant "${id}" has been deleted.`);
  return tenant;
}

/**
 * A provider by its id.
 * @param tenantId the tenant whose own providers count, too.
 * @throws Error naming the built-in ones when there is none.
 */
export async function requireProvider(
  providers: Providers,
  id: string,
  tenantId?: TenantId,
): Promise<Provider> {
  const provider = await providers.find(tenantId, id);
  if (provider) return provider;
  throw new Error(`There is no provider "${id}". There are: ${providers.builtInIds.join(', ')}.`);
}
