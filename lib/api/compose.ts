/**
 * Puts a function's parts together from its settings, once per instance. Each function asks for what it uses and
 * no more, so that its bundle and its permissions stay as small as its work.
 */
import { createDynamoDb, createKms, createSecretsManager, createSqs } from '../aws/clients.ts';
import { messagesIn, openQueue } from '../aws/queue.ts';
import { createSecretSource, type SecretSource } from '../aws/secret-source.ts';
import type { FunctionName, SettingsOf } from '../config.ts';
import { createConnectionStore } from '../connections/connection-store.ts';
import { createLeaseStore } from '../connections/lease-store.ts';
import { createRevocationReceipts } from '../connections/revocation-receipts.ts';
import { createFlowStore } from '../flows/flow-store.ts';
import type { ConnectionParts } from '../integrations/parts.ts';
import type { RescueParts } from '../integrations/rescue.ts';
import type { SweepParts } from '../integrations/sweep-due.ts';
import { createPlatformHttp } from '../platform-http/platform-http.ts';
import { createRegistry } from '../providers/registry.ts';
import { nowhereKey } from '../table/keys.ts';
import { openTable, type Table } from '../table/table.ts';
import { createLog, writeLine } from '../telemetry/log.ts';
import { type Count, createCount } from '../telemetry/metrics.ts';
import { createApiKeyStore } from '../tenants/api-key.ts';
import { createPauseStore } from '../tenants/paused-providers.ts';
import { createProviderAppStore } from '../tenants/provider-app.ts';
import { createSessionVerifier } from '../tenants/session-token.ts';
import { readStateSecrets } from '../tenants/state-secrets.ts';
import { createTenantStore } from '../tenants/tenant.ts';
import { openVault, type Vault, type VaultParts } from '../vault/vault.ts';
import type { ProcessParts } from '../webhooks/process-event.ts';
import { createReceiptStore } from '../webhooks/receipt-store.ts';
import { createSubjectStore } from '../webhooks/subject-store.ts';
import { createWaitingEvents } from '../webhooks/waiting-events.ts';
import { type Authenticate, createAuthenticate } from './authentication.ts';

export const now = () => Date.now();
export const count: Count = createCount(now, writeLine);

let client: ReturnType<typeof createDynamoDb> | undefined;

/** Both tables are reached over the same connections. */
function openNamed(tableName: string): Table {
  client ??= createDynamoDb();
  return openTable(client, tableName);
}

/** The table of what is precious: connections, tenants, keys, provider apps. */
export const openPrecious = (settings: SettingsOf<'connectionsTable'>) =>
  openNamed(settings.connectionsTable);
/** The table of what expires: flows and the like. */
export const openActivity = (settings: SettingsOf<'activityTable'>) => openNamed(settings.activityTable);

/**
 * Opens the connection to DynamoDB while the function starts: Lambda gives a start more CPU than the first request, so
 * the two together take less. A failure is the first request's to meet, and so is a database that takes its time.
 */
export async function warmUp(table: Table): Promise<void> {
  const patience = new Promise((resolve) => setTimeout(resolve, 1_000).unref());
  await Promise.race([table.get(nowhereKey).catch(() => undefined), patience]);
}

export function authenticateWith(table: Table, settings: SettingsOf<'publicUrl'>): Authenticate {
  return createAuthenticate({
    apiKeys: createApiKeyStore(table),
    verifySession: createSessionVerifier({ table, audience: settings.publicUrl, now }),
    now,
  });
}

export function secretSource(): SecretSource {
  return createSecretSource(createSecretsManager(), now);
}

/** The states' secrets. A state that does not fit may be signed by a newer one; forged ones cost a read in ten seconds. */
export function stateSecrets(secrets: SecretSource, settings: SettingsOf<'stateSecretId'>) {
  let freshAt = 0;
  return (options: { readonly fresh: boolean } = { fresh: false }) => {
    const fresh = options.fresh && now() - freshAt > 10_000;
    if (fresh) freshAt = now();
    return readStateSecrets(secrets, settings.stateSecretId, fresh);
  };
}

/** @param purpose what it seals and opens; credentials unless said otherwise. */
export function vaultOf(
  table: Table,
  settings: SettingsOf<'vaultKeyId'>,
  purpose?: VaultParts['purpose'],
): Vault {
  const tenants = createTenantStore(table);
  return openVault({
    kms: createKms(),
    table,
    keyId: settings.vaultKeyId,
    kmsKeyOf: async (tenantId) => (await tenants.get(tenantId))?.kmsKeyId,
    ...(purpose && { purpose }),
    now,
    onKmsCall: () => count('kms_call'),
  });
}

type ConnectionSettings = SettingsOf<
  'vaultKeyId' | 'activityTable' | 'eventsQueueUrl' | 'rescueQueueUrl' | 'platformOrigins' | 'insecureOrigins'
>;

/** What every verb needs that opens credentials or asks a platform. */
export function connectionParts(
  functionName: FunctionName,
  table: Table,
  settings: ConnectionSettings,
): ConnectionParts {
  const sqs = createSqs();
  return {
    connections: createConnectionStore(table),
    leases: createLeaseStore(openActivity(settings), now),
    receipts: createRevocationReceipts(openActivity(settings), now),
    events: openQueue(sqs, settings.eventsQueueUrl),
    rescue: openQueue(sqs, settings.rescueQueueUrl),
    flights: new Map(),
    apps: createProviderAppStore(table),
    vault: vaultOf(table, settings),
    registry: createRegistry(),
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

export const queueOf = (url: string) => openQueue(createSqs(), url);

/** What the sweep works with; it opens nothing and asks no platform. */
export function sweepParts(table: Table, settings: SettingsOf<'refreshQueueUrl'>): SweepParts {
  const sqs = createSqs();
  return {
    connections: createConnectionStore(table),
    registry: createRegistry(),
    pauses: createPauseStore(table),
    queue: openQueue(sqs, settings.refreshQueueUrl),
    backlog: () => messagesIn(sqs, settings.refreshQueueUrl),
    now,
    log: createLog('refresh-due', now),
  };
}

/** What a rescue works with: what was sealed stays sealed. */
export function rescueParts(table: Table, settings: SettingsOf<'eventsQueueUrl'>): RescueParts {
  return {
    connections: createConnectionStore(table),
    registry: createRegistry(),
    events: queueOf(settings.eventsQueueUrl),
    now,
    random: Math.random,
    log: createLog('rescue-credentials', now),
  };
}

/** What a webhook event is handled with. */
export function processParts(
  table: Table,
  activity: Table,
  settings: SettingsOf<'eventsQueueUrl' | 'incomingQueueUrl'>,
): ProcessParts {
  const sqs = createSqs();
  return {
    connections: createConnectionStore(table),
    receipts: createReceiptStore(activity, now),
    waiting: createWaitingEvents(activity, now),
    subjects: createSubjectStore(activity, now),
    queue: openQueue(sqs, settings.incomingQueueUrl),
    events: openQueue(sqs, settings.eventsQueueUrl),
    now,
    log: createLog('process-event', now),
    count,
  };
}
