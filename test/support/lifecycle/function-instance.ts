/**
 * The domain's parts over the local AWS, put together as `lib/api/compose.ts` does for a function, but with every
 * clock, client and wait in the hands of a test. Each call of {@link openInstance} is a function instance of its own.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { localNames, localQueueName } from '../../../infra/local/stack/provision.ts';
import { queueNames } from '../../../infra/topology.ts';
import type { QueueName } from '../../../infra/topology-rows.ts';
import { readStateSecrets } from '../../../lib/access/state-secrets.ts';
import { messagesIn, openQueue } from '../../../lib/aws/queue.ts';
import { createSecretSource } from '../../../lib/aws/secret-source.ts';
import { steadyClock } from '../../../lib/cache.ts';
import { createConnectionStore } from '../../../lib/connections/connection-store.ts';
import { createLeaseStore } from '../../../lib/connections/lease-store.ts';
import { createRevocationReceipts } from '../../../lib/connections/revocation-receipts.ts';
import { createFlowStore } from '../../../lib/flows/flow-store.ts';
import type { TenantId } from '../../../lib/ids.ts';
import type { FlowDeps } from '../../../lib/integrations/deps.ts';
import type { RefreshWorkerDeps } from '../../../lib/integrations/worker/refresh-worker.ts';
import { createSweepPositionStore } from '../../../lib/integrations/worker/sweep-position.ts';
import { createJobStore } from '../../../lib/jobs/job.ts';
import type { Origins, PlatformHttp } from '../../../lib/platform-http/platform-http.ts';
import { createPauseStore } from '../../../lib/provider-apps/paused-providers.ts';
import { createProviderAppStore } from '../../../lib/provider-apps/provider-app.ts';
import type { Provider } from '../../../lib/providers/provider.ts';
import { openTable } from '../../../lib/table/table.ts';
import { createLog } from '../../../lib/telemetry/log.ts';
import type { MetricName } from '../../../lib/telemetry/metrics.ts';
import { createDestinationStore } from '../../../lib/tenants/destination.ts';
import { createTenantStore } from '../../../lib/tenants/tenant.ts';
import { deleteTenantKeys } from '../../../lib/vault/tenant-key-versions.ts';
import { openVault } from '../../../lib/vault/vault.ts';
import { providersOf } from '../providers.ts';

/** Where an instance finds its AWS; plain data, so that it can be sent to another process. */
export interface AwsPlace {
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
}

export type AwsClients = ReturnType<typeof openClients>;

/** @param attempts tries per call; with one, an injected fault shows. */
export function openClients({ endpoint, region }: AwsPlace, attempts: number) {
  const shared = {
    endpoint,
    region,
    credentials: { accessKeyId: 'operator', secretAccessKey: 's4ndb0x' },
    maxAttempts: attempts,
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 15_000, throwOnRequestTimeout: true },
  };
  return {
    dynamoDb: new DynamoDBClient(shared),
    kms: new KMSClient(shared),
    secrets: new SecretsManagerClient(shared),
    sqs: new SQSClient({ ...shared, useQueueUrlAsEndpoint: false }),
  };
}

export const queueUrlOf = ({ endpoint, accountId }: AwsPlace, name: QueueName) =>
  `${endpoint}/${accountId}/${localQueueName(name)}`;

export interface InstanceOptions {
  readonly aws: AwsPlace;
  readonly clients: AwsClients;
  readonly platformOrigins: Origins;
  readonly providers?: readonly Provider[];
  readonly http: PlatformHttp;
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly random: () => number;
  readonly write: (line: string) => void;
  readonly count?: (name: MetricName, reason: string | undefined) => void;
}

export type Instance = ReturnType<typeof openInstance>;

export function openInstance(options: InstanceOptions) {
  const { aws, clients, now, sleep, random, http, write } = options;
  const precious = openTable(clients.dynamoDb, localNames.connectionsTable);
  const activity = openTable(clients.dynamoDb, localNames.activityTable);
  const tenants = createTenantStore(precious);
  const monotonic = steadyClock(now);
  const secrets = createSecretSource(clients.secrets, monotonic);
  const queue = (name: QueueName) => openQueue<unknown>(clients.sqs, queueUrlOf(aws, name));
  const queues = Object.fromEntries(queueNames.map((name) => [name, queue(name)])) as Record<
    QueueName,
    ReturnType<typeof queue>
  >;
  const providers = providersOf(options.providers);
  const log = createLog('lifecycle', now, write);
  const pauses = createPauseStore(precious, now);
  const deps: FlowDeps & RefreshWorkerDeps & { readonly origins: Origins } = {
    origins: options.platformOrigins,
    connections: createConnectionStore(precious),
    leases: createLeaseStore(activity, now),
    receipts: createRevocationReceipts(activity, now),
    flows: createFlowStore(activity, now),
    events: queues.events,
    rescue: queues.rescue,
    inFlightRefreshes: new Map(),
    apps: createProviderAppStore(precious),
    vault: openVault({
      kms: clients.kms,
      table: precious,
      keyId: localNames.vaultKeyId,
      kmsKeyOf: async (tenantId) => (await tenants.get(tenantId))?.kmsKeyId,
      now,
      monotonic,
    }),
    providers,
    secrets,
    http,
    now,
    sleep,
    random,
    log,
    count: (name, dimensions) => options.count?.(name, dimensions?.reason),
    publicUrl: 'https://hawser.example',
    refreshAll: false,
    pauses,
  };
  return {
    deps,
    tenants,
    jobs: createJobStore(precious, now),
    deleteDestinations: (tenantId: TenantId) => createDestinationStore(precious).removeAll(tenantId),
    deleteKeys: (tenantId: TenantId) => deleteTenantKeys({ table: precious, now }, tenantId),
    queues,
    stateSecrets: () => readStateSecrets(secrets, localNames.stateSecretId),
    sweep: {
      connections: deps.connections,
      positions: createSweepPositionStore(activity),
      pauses,
      queue: queues.refresh,
      backlog: () => messagesIn(clients.sqs, queueUrlOf(aws, 'refresh')),
      now,
      log,
    },
  };
}
