/**
 * Puts a function's parts together from its settings, once per instance. Each function asks for what it uses and
 * no more, so that its bundle and its permissions stay as small as its work.
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
import { createResourceOrder } from '../webhooks/resource-order.ts';
import { createWaitingEvents } from '../webhooks/waiting-events.ts';
import { type Authenticate, createAuthenticate } from './http/authentication.ts';

export const now = () => Date.now();
/** By which everything in memory grows old, whatever is done to the wall clock. */
export const monotonic = steadyClock(now, () => performance.now());
export const count: Count = createCount(now, writeLine);

let client: ReturnType<typeof createDynamoDb> | undefined;

/** Both tables are reached over the same connections. */
function openNamed(tableName: string): Table {
  client ??= createDynamoDb();
  return openTable(client, tableName);
}

/** The table of what is precious: connections, tenants, keys, provider apps. */
export const openConnectionsTable = (settings: SettingsOf<'connectionsTable'>) =>
  openNamed(settings.connectionsTable);
/** The table of what expires: flows and the like. */
export const openActivityTable = (settings: SettingsOf<'activityTable'>) => openNamed(settings.activityTable);

/**
 * Opens the connection to DynamoDB while the function starts: Lambda gives a start more CPU than the first request, so
 * the two together take less. A failure is the first request's to meet, and so is a database that takes its time.
 */
export async function warmUp(table: Table): Promise<void> {
  const patience = new Promise((resolve) => setTimeout(resolve, 1_000).unref());
  await Promise.race([table.get(warmUpKey).catch(() => undefined), patience]);
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

/** The states' secrets. A state that does not fit may be signed by a newer one; forged ones cost a read in ten seconds. */
export function stateSecrets(secrets: SecretSource, settings: SettingsOf<'stateSecretId'>) {
  let freshAt = Number.NEGATIVE_INFINITY;
  return (options: { readonly fresh: boolean } = { fresh: false }) => {
    const fresh = options.fresh && monotonic() - freshAt > 10_000;
    if (fresh) freshAt = monotonic();
    return readStateSecrets(secrets, settings.stateSecretId, fresh);
  };
}

/** @param purpose what it seals and opens; credentials unless said otherwise. */
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

/** What every verb needs that opens credentials or asks a platform. */
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

export function flowStore(table: Table) {
  return createFlowStore(table, now);
}

/** One of the queues, for the messages that its schema knows. */
export const queueOf = <Name extends MessageQueue>(
  name: Name,
  settings: SettingsOf<`${Name}QueueUrl`>,
  sqs = createSqs(),
): Queue<MessageOf<Name>> => openQueue(sqs, settings[`${name}QueueUrl`]);

/** What the sweep works with; it opens nothing and asks no platform. */
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

/** What a rescue works with: what was sealed stays sealed. */
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

/** What a webhook event is handled with. */
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
    resourceOrder: createResourceOrder(activity, now),
    queue: queueOf('incoming', settings, sqs),
    events: queueOf('events', settings, sqs),
    now,
    log: createLog('process-event', now),
    count,
  };
}
