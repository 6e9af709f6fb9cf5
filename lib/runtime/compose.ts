/**
 * The composition root: builds a function's dependencies from its settings, once per instance. Each function composes
 * only what it uses, so that its bundle and its permissions stay small.
 */

import { createApiKeyStore } from '../access/api-key.ts';
import { createSessionVerifier } from '../access/session-token.ts';
import { readStateSecrets } from '../access/state-secrets.ts';
import { createDynamoDb, createKms, createSecretsManager, createSqs } from '../aws/clients.ts';
import { messagesIn, openQueue, type Queue } from '../aws/queue.ts';
import { createSecretSource, type SecretSource } from '../aws/secret-source.ts';
import { steadyClock } from '../cache.ts';
import type { FunctionName, SettingsOf } from '../config.ts';
import { createConnectionStore } from '../connections/connection-store.ts';
import { createLeaseStore } from '../connections/lease-store.ts';
import { createRevocationReceipts } from '../connections/revocation-receipts.ts';
import { createFlowStore } from '../flows/flow-store.ts';
import type { ConnectionDeps } from '../integrations/deps.ts';
import type { RescueDeps } from '../integrations/lifecycle/rescue.ts';
import type { SweepDeps } from '../integrations/worker/sweep-due.ts';
import { createSweepPositionStore } from '../integrations/worker/sweep-position.ts';
import type { MessageOf, MessageQueue } from '../messages/queue-messages.ts';
import { createPlatformHttp } from '../platform-http/platform-http.ts';
import { builtIn } from '../platforms/built-in.ts';
import { createPauseStore } from '../provider-apps/paused-providers.ts';
import { createProviderAppStore } from '../provider-apps/provider-app.ts';
import { createProviders, type Providers } from '../providers/providers.ts';
import { warmUpKey } from '../table/keys.ts';
import { openTable, type Table } from '../table/table.ts';
import { createLog, writeLine } from '../telemetry/log.ts';
import { type Count, createCount } from '../telemetry/metrics.ts';
import { createTenantStore } from '../tenants/tenant.ts';
import { openVault, type Vault, type VaultDeps } from '../vault/vault.ts';
import { createIdempotencyStore } from '../webhooks/idempotency-store.ts';
import type { ProcessDeps } from '../webhooks/process-event.ts';
import { createResourceWatermarks } from '../webhooks/resource-watermarks.ts';
import { createWaitingEvents } from '../webhooks/waiting-events.ts';
import { type Authenticate, createAuthenticate } from './http/authentication.ts';

export const now = () => Date.now();
/** Ages every in-memory cache; a change of the wall clock does not affect it. */
export const monotonic = steadyClock(now, () => performance.now());
export const count: Count = createCount(now, writeLine);

let client: ReturnType<typeof createDynamoDb> | undefined;

/** Both tables share one client, and so its connections. */
function openNamed(tableName: string): Table {
  client ??= createDynamoDb();
  return openTable(client, tableName);
}

/** The durable table: connections, tenants, keys, provider apps. */
export const openConnectionsTable = (settings: SettingsOf<'connectionsTable'>) =>
  openNamed(settings.connectionsTable);
/** The table of items that expire, such as flows. */
export const openActivityTable = (settings: SettingsOf<'activityTable'>) => openNamed(settings.activityTable);

/**
 * Opens the connection to DynamoDB during the cold start, which has more CPU than the first request, so that both
 * together take less time. A failure or a slow database is left to the first request.
 */
export async function warmUp(table: Table): Promise<void> {
  const timeout = new Promise((resolve) => setTimeout(resolve, 1_000).unref());
  await Promise.race([table.get(warmUpKey).catch(() => undefined), timeout]);
}

export function authenticateWith(table: Table, settings: SettingsOf<'publicUrl'>): Authenticate {
  return createAuthenticate({
    apiKeys: createApiKeyStore(table),
    verifySession: createSessionVerifier({ table, audience: settings.publicUrl, now, monotonic }),
    monotonic,
  });
}

/** Every provider there is. Platforms are loaded when they are first asked for. */
export function openProviders(): Providers {
  return createProviders({ builtIn });
}

export function secretSource(): SecretSource {
  return createSecretSource(createSecretsManager(), monotonic);
}

/**
 * Reads the secrets that sign states. A mismatch may mean a rotation, so it may bypass the cache, once in ten seconds
 * at most.
 */
export function stateSecrets(secrets: SecretSource, settings: SettingsOf<'stateSecretId'>) {
  let freshAt = Number.NEGATIVE_INFINITY;
  return (options: { readonly fresh: boolean } = { fresh: false }) => {
    const fresh = options.fresh && monotonic() - freshAt > 10_000;
    if (fresh) freshAt = monotonic();
    return readStateSecrets(secrets, settings.stateSecretId, fresh);
  };
}

/** @param purpose what the vault seals and opens; credentials by default. */
export function vaultOf(
  table: Table,
  settings: SettingsOf<'vaultKeyId'>,
  purpose?: VaultDeps['purpose'],
): Vault {
  const tenants = createTenantStore(table);
  return openVault({
    kms: createKms(),
    table,
    keyId: settings.vaultKeyId,
    kmsKeyOf: async (tenantId) => (await tenants.get(tenantId))?.kmsKeyId,
    ...(purpose && { purpose }),
    now,
    monotonic,
    onKmsCall: () => count('kms_call'),
  });
}

type ConnectionSettings = SettingsOf<
  'vaultKeyId' | 'activityTable' | 'eventsQueueUrl' | 'rescueQueueUrl' | 'platformOrigins' | 'insecureOrigins'
>;

/** For every use case that opens credentials or calls a platform. */
export function connectionDeps(
  functionName: FunctionName,
  table: Table,
  settings: ConnectionSettings,
): ConnectionDeps {
  const sqs = createSqs();
  return {
    connections: createConnectionStore(table),
    leases: createLeaseStore(openActivityTable(settings), now),
    receipts: createRevocationReceipts(openActivityTable(settings), now),
    events: queueOf('events', settings, sqs),
    rescue: queueOf('rescue', settings, sqs),
    inFlightRefreshes: new Map(),
    apps: createProviderAppStore(table),
    vault: vaultOf(table, settings),
    providers: openProviders(),
    secrets: secretSource(),
    http: createPlatformHttp({
      fetch: (input, init) => fetch(input, init),
      insecureOrigins: settings.insecureOrigins,
      origins: settings.platformOrigins,
    }),
    now,
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    random: Math.random,
    log: createLog(functionName, now),
    count,
  };
}

/** For the steps of a connect flow that call the platform. */
export function flowDeps(
  functionName: FunctionName,
  table: Table,
  settings: ConnectionSettings & SettingsOf<'publicUrl'>,
) {
  return {
    ...connectionDeps(functionName, table, settings),
    flows: flowStore(openActivityTable(settings)),
    publicUrl: settings.publicUrl,
  };
}

export function flowStore(table: Table) {
  return createFlowStore(table, now);
}

/** Opens one of the queues for the messages of its schema. */
export const queueOf = <Name extends MessageQueue>(
  name: Name,
  settings: SettingsOf<`${Name}QueueUrl`>,
  sqs = createSqs(),
): Queue<MessageOf<Name>> => openQueue(sqs, settings[`${name}QueueUrl`]);

/** For the sweep, which opens no credentials and calls no platform. */
export function sweepDeps(
  table: Table,
  settings: SettingsOf<'activityTable' | 'refreshQueueUrl'>,
): SweepDeps {
  const sqs = createSqs();
  return {
    connections: createConnectionStore(table),
    positions: createSweepPositionStore(openActivityTable(settings)),
    pauses: createPauseStore(table, now),
    queue: queueOf('refresh', settings, sqs),
    backlog: () => messagesIn(sqs, settings.refreshQueueUrl),
    now,
    log: createLog('refresh-due', now),
  };
}

/** For the rescue worker, which stores sealed credentials without opening them. */
export function rescueDeps(table: Table, settings: SettingsOf<'eventsQueueUrl'>): RescueDeps {
  return {
    connections: createConnectionStore(table),
    providers: openProviders(),
    events: queueOf('events', settings),
    now,
    random: Math.random,
    log: createLog('rescue-credentials', now),
  };
}

/** For handling webhook events. */
export function processDeps(
  table: Table,
  activity: Table,
  settings: SettingsOf<'eventsQueueUrl' | 'incomingQueueUrl'>,
): ProcessDeps {
  const sqs = createSqs();
  return {
    connections: createConnectionStore(table),
    idempotency: createIdempotencyStore(activity, now),
    waiting: createWaitingEvents(activity, now),
    resourceWatermarks: createResourceWatermarks(activity, now),
    queue: queueOf('incoming', settings, sqs),
    events: queueOf('events', settings, sqs),
    now,
    log: createLog('process-event', now),
    count,
  };
}
