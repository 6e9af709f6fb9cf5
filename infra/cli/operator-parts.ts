/** What the operator's verbs stand on: the tables, the queues, the secrets, the vault's key, and where they are. */
import type { KMSClient } from '@aws-sdk/client-kms';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { steadyClock } from '../../lib/cache.ts';
import { type TenantId, tenantIdPattern } from '../../lib/ids.ts';
import type { Resolve } from '../../lib/platform-http/pinned-connection.ts';
import type { PlatformHttp } from '../../lib/platform-http/platform-http.ts';
import type { Registry } from '../../lib/providers/registry.ts';
import type { Table } from '../../lib/table/table.ts';
import type { ApiKeyStore } from '../../lib/tenants/api-key.ts';
import type { ProviderAppStore } from '../../lib/tenants/provider-app.ts';
import type { Tenant, TenantStore } from '../../lib/tenants/tenant.ts';
import type { VaultParts } from '../../lib/vault/vault.ts';
import type { QueueName } from '../topology-rows.ts';
import type { SecretStore } from './secret-store.ts';

/** Where each queue and its dead letters are. */
export type QueueUrls = Readonly<Record<QueueName, { readonly queue: string; readonly deadLetters: string }>>;

export interface OperatorParts {
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
  readonly registry: Registry;
  readonly http: PlatformHttp;
  readonly insecureOrigins: readonly string[];
  /** Whether return URLs may stand on any loopback address: where applications are tried, never on AWS. */
  readonly loopbackReturnUrls?: boolean;
  /** The addresses of a name; asked of this machine's resolver when absent. */
  readonly resolve?: Resolve;
  readonly now: () => number;
}

/** The parts with the stores opened on them, shared by all verbs. */
export interface OperatorStores extends Omit<OperatorParts, 'secrets'> {
  readonly tenants: TenantStore;
  readonly apiKeys: ApiKeyStore;
  readonly apps: ProviderAppStore;
  readonly secrets: SecretStore;
}

/** What the vault needs to make and open tenant keys. */
export function vaultPartsOf(stores: OperatorStores): VaultParts {
  return {
    kms: stores.kms,
    table: stores.connections,
    keyId: stores.names.vaultKeyId,
    kmsKeyOf: async (id) => (await stores.tenants.get(id))?.kmsKeyId,
    now: stores.now,
    monotonic: steadyClock(stores.now, () => performance.now()),
  };
}

/** @throws Error when there never was such a tenant. */
export async function requireTenant(tenants: TenantStore, id: string): Promise<Tenant> {
  const tenant = tenantIdPattern.test(id) ? await tenants.get(id as TenantId) : undefined;
  if (!tenant) throw new Error(`There is no tenant "${id}".`);
  return tenant;
}

/** @throws Error when there is no such tenant, or not any more. */
export async function requireLivingTenant(tenants: TenantStore, id: string): Promise<Tenant> {
  const tenant = await requireTenant(tenants, id);
  if (tenant.status === 'deleted') throw new Error(`Tenant "${id}" has been deleted.`);
  return tenant;
}
