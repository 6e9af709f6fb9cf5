/**
 * The single table of functions, queues, tables and schedules: what calls each function and which permissions it holds.
 * The AWS stack and the local stack are both built from it, so a missing permission fails in local tests first.
 */

import type { FunctionName } from '../lib/config.ts';
import { contract, type RouteName } from '../lib/contract/contract.ts';
import { indexes } from '../lib/table/keys.ts';
import type { FunctionRow, Permission, QueueName, QueueRow, QueueWorker } from './topology-rows.ts';

/** A batch holds one message, so that a poison message fails no other; nothing waits for a filed failure. */
const filing = { function: 'file-failures', batchSize: 1, maxConcurrency: 5 } as const;

/** Every queue has a dead-letter queue beside it; a message that was received too often goes there. */
export const queues = {
  events: {
    description: 'Outbound events for tenants, before the fan-out',
    worker: { function: 'fan-out-events', batchSize: 10, maxConcurrency: 20 },
    deadLetters: filing,
  },
  deliveries: {
    description: 'Outbound events, one message per destination',
    worker: { function: 'deliver', batchSize: 5, maxConcurrency: 20 },
    deadLetters: filing,
    // A delivery that waits for its next attempt is replaced by a new message, so its age starts at zero each time.
    delaySeconds: 900,
  },
  refresh: {
    description: 'Connections to refresh, check or revoke',
    worker: { function: 'refresh-connection', batchSize: 10, maxConcurrency: 20 },
  },
  incoming: {
    description: 'Webhook events with a verified signature',
    worker: { function: 'process-event', batchSize: 10, maxConcurrency: 20 },
    deadLetters: filing,
  },
  rescue: {
    description: 'Refreshed credentials that could not be stored, sealed',
    worker: { function: 'rescue-credentials', batchSize: 1, maxConcurrency: 5 },
  },
  jobs: {
    description: 'Jobs that end all connections of a user or a tenant',
    worker: { function: 'run-job', batchSize: 1, maxConcurrency: 2 },
  },
} as const satisfies Record<QueueName, QueueRow>;

export const queueNames = Object.keys(queues) as QueueName[];

/** The stack outputs that hold the URLs of a queue and of its dead-letter queue. */
export function queueOutputs(name: QueueName): { readonly queue: string; readonly deadLetters: string } {
  const capital = name.charAt(0).toUpperCase() + name.slice(1);
  return { queue: `${capital}QueueUrl`, deadLetters: `${capital}DeadLettersUrl` };
}

/** SQS moves a message to the dead-letter queue after this many receives. AWS advises at least five, so that throttling alone does not. */
export const maxReceiveCount = 5;
/** SQS drops a message after this time, which is longer than we would leave an outage unattended. */
export const retentionDays = 4;
/** SQS counts a message's age from its first send, so a dead-letter queue keeps it longer: for the maximum of SQS. */
export const deadLetterDays = 14;

/** A queue's visibility timeout: six times its worker's time-out, as AWS advises. */
export function visibilitySeconds(name: QueueName): number {
  const row: QueueRow = queues[name];
  return hiddenSeconds(row.worker);
}

/** The visibility timeout of its dead-letter queue. */
export function deadLetterVisibilitySeconds(name: QueueName): number {
  const row: QueueRow = queues[name];
  return hiddenSeconds(row.deadLetters);
}

function hiddenSeconds(worker: QueueWorker | undefined): number {
  return worker === undefined ? 30 : 6 * functions[worker.function].timeoutSeconds;
}

/** Functions that run on a schedule. */
export const schedules = {
  'refresh-due': { everySeconds: 60 },
} as const satisfies Partial<Record<FunctionName, { readonly everySeconds: number }>>;

export type ScheduleName = keyof typeof schedules;

const read = { on: 'connections', actions: ['dynamodb:GetItem'] } as const;
const write = { on: 'connections', actions: ['dynamodb:UpdateItem'] } as const;
const list = { on: 'connections', actions: ['dynamodb:Query'], index: 'byTenant' } as const;
const listed = { on: 'connections', actions: ['dynamodb:BatchGetItem'] } as const;
/** Finds the other connections that share a grant, because revoking it would end them too. */
const holders = [
  { on: 'connections', actions: ['dynamodb:Query'], index: 'byPlatformUser' },
  listed,
] as const;
/** Opens and seals under a tenant's existing key; a query finds its newest version. */
const vault = [
  { on: 'vaultKey', actions: ['kms:Decrypt'], purpose: 'credentials' },
  { on: 'connections', actions: ['dynamodb:Query'] },
] as const satisfies readonly Permission[];
/** Seals for a tenant without a key: the first sealing creates it. */
const firstSealing = [
  { on: 'vaultKey', actions: ['kms:GenerateDataKey'], purpose: 'credentials' },
  { on: 'connections', actions: ['dynamodb:PutItem'] },
] as const satisfies readonly Permission[];
/** Deletes a tenant's wrapped keys and writes a tombstone as the next version, which needs no access to the vault's key. */
const tombstone = [{ on: 'connections', actions: ['dynamodb:Query', 'dynamodb:PutItem'] }] as const;
/** Stores a new connection, or replaces the one of the same account. */
const store = { on: 'connections', actions: ['dynamodb:PutItem'] } as const;
const stateSecret = { on: 'stateSecret', actions: ['secretsmanager:GetSecretValue'] } as const;
const appSecrets = { on: 'appSecrets', actions: ['secretsmanager:GetSecretValue'] } as const;
const flows = { on: 'activity', actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'] } as const;
const leases = {
  on: 'activity',
  actions: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
} as const;
const sendTo = (queue: QueueName) => ({ on: 'queue', queue, actions: ['sqs:SendMessage'] }) as const;

/** Redeems a code: reads the flow, opens the code, stores connections, revokes what it could not store, publishes events. */
const redeem = [read, write, store, ...vault, flows, appSecrets, ...holders, sendTo('events')] as const;
/** Refreshes credentials. A lease lets one of the concurrent callers call the platform. */
const refresh = [
  read,
  write,
  ...vault,
  leases,
  appSecrets,
  ...holders,
  sendTo('events'),
  sendTo('rescue'),
] as const;
/** Disconnects: an expired access token must be refreshed before the platform accepts the revocation. */
const disconnect = [...refresh, { on: 'connections', actions: ['dynamodb:DeleteItem'] }] as const;

export const functions = {
  sessions: defineFunction('Mints session tokens for browsers', 10, [
    read,
    { on: 'sessionKey', actions: ['secretsmanager:GetSecretValue'] },
  ]),
  connect: defineFunction('Starts a flow, or connects with credentials', 29, [
    read,
    write,
    ...vault,
    ...firstSealing,
    { on: 'activity', actions: ['dynamodb:PutItem'] },
    sendTo('events'),
  ]),
  start: defineFunction('Redirects the browser to the platform', 10, [flows, stateSecret]),
  callback: defineFunction('Receives the redirect from the platform', 29, [
    ...redeem,
    ...firstSealing,
    stateSecret,
  ]),
  complete: defineFunction('Redeems the code for the user who started the flow', 29, redeem),
  status: defineFunction('Lists connections', 10, [read, list, listed]),
  providers: defineFunction('Lists providers', 10, [read, list, listed]),
  token: defineFunction('Returns access tokens', 29, refresh),
  refresh: defineFunction('Refreshes credentials', 29, refresh),
  disconnect: defineFunction('Revokes and deletes a connection', 29, disconnect),
  users: defineFunction('Starts the job that ends all connections of a user', 10, [
    read,
    { on: 'connections', actions: ['dynamodb:PutItem'] },
    sendTo('jobs'),
  ]),
  'refresh-due': defineFunction('Queues due connections, each minute', 50, [
    read,
    { on: 'connections', actions: ['dynamodb:Query'], index: 'byDue' },
    // The record of how far it has read each partition.
    { on: 'activity', actions: ['dynamodb:GetItem', 'dynamodb:PutItem'] },
    { on: 'queue', queue: 'refresh', actions: ['sqs:SendMessage', 'sqs:GetQueueAttributes'] },
    sendTo('jobs'),
  ]),
  // It mostly waits for platforms, ten calls at a time, and Lambda bills memory while it waits.
  'refresh-connection': defineFunction('Refreshes, checks and revokes connections', 60, disconnect, 256),
  'rescue-credentials': defineFunction('Retries storing refreshed credentials', 29, [
    read,
    write,
    sendTo('events'),
  ]),
  webhook: defineFunction('Receives webhooks from platforms', 10, [appSecrets, sendTo('incoming')]),
  // It re-queues a data deletion until the platform is available again.
  'process-event': selfInvoking(
    defineFunction('Applies webhook events to connections', 60, [
      read,
      write,
      { on: 'connections', actions: ['dynamodb:Query'], index: 'byAccount' },
      ...holders,
      {
        on: 'activity',
        actions: [
          'dynamodb:GetItem',
          'dynamodb:PutItem',
          'dynamodb:UpdateItem',
          'dynamodb:Query',
          'dynamodb:DeleteItem',
        ],
      },
      sendTo('incoming'),
      sendTo('events'),
      sendTo('refresh'),
    ]),
  ),
  'platform-callback': defineFunction('Receives deauthorize and data-deletion callbacks', 10, [
    appSecrets,
    { on: 'activity', actions: ['dynamodb:PutItem'] },
    sendTo('incoming'),
  ]),
  'data-deletion-status': defineFunction('Shows people the progress of their data deletion', 10, [
    { on: 'activity', actions: ['dynamodb:GetItem'] },
  ]),
  'file-failures': defineFunction('Files failed events and deliveries from the dead letters', 29, [
    read,
    { on: 'activity', actions: ['dynamodb:GetItem', 'dynamodb:PutItem'] },
  ]),
  failures: defineFunction('Lists filed failures', 10, [
    read,
    { on: 'activity', actions: ['dynamodb:GetItem', 'dynamodb:Query'] },
  ]),
  'replay-failure': defineFunction('Replays a filed failure through its queue', 10, [
    read,
    { on: 'activity', actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'] },
    sendTo('incoming'),
    sendTo('events'),
    sendTo('deliveries'),
  ]),
  'fan-out-events': defineFunction('Fans events out to the destinations of their tenants', 10, [
    read,
    sendTo('incoming'),
    sendTo('deliveries'),
  ]),
  deliver: selfInvoking(
    defineFunction('Delivers events to destinations', 30, [
      read,
      write,
      { on: 'vaultKey', actions: ['kms:Decrypt'], purpose: 'destinations' },
      { on: 'connections', actions: ['dynamodb:Query'] },
      { on: 'eventBuses', actions: ['events:PutEvents'] },
      sendTo('deliveries'),
      { on: 'deadLetters', queue: 'deliveries', actions: ['sqs:SendMessage'] },
      sendTo('events'),
    ]),
  ),
  'run-job': defineFunction('Ends all connections of a user or a tenant', 60, [
    read,
    write,
    list,
    listed,
    ...tombstone,
    // Deletes a tenant's destinations.
    { on: 'connections', actions: ['dynamodb:DeleteItem'] },
    sendTo('refresh'),
  ]),
  health: defineFunction('Reports that the API is up', 5, []),
} as const satisfies Record<FunctionName, FunctionRow>;

/** The DynamoDB tables: string keys `pk` and `sk`, KEYS_ONLY indexes. */
export const tables = {
  connections: { indexes: Object.values(indexes), precious: true },
  activity: { indexes: [], precious: false },
} as const;

/** DynamoDB deletes an item of either table after the time in this attribute. */
export const timeToLiveAttribute = 'ttl';

/** The gateway's routes, from the contract. */
export const routes = (Object.keys(contract) as RouteName[]).map((name) => {
  const { method, path, function: functionName } = contract[name];
  return { name, method, path, functionName };
});

/** Browsers call with a session token in a header, never with cookies, so the API accepts any origin. */
export const cors = {
  allowOrigins: ['*'],
  allowMethods: ['GET', 'POST', 'DELETE'],
  allowHeaders: ['authorization', 'content-type'],
  exposeHeaders: ['retry-after', 'x-correlation-id'],
  maxAgeSeconds: 3_600,
} as const;

/** The names of provider apps' secrets: this prefix, then the app id. */
export const appSecretPrefix = 'hawser/apps/';

function defineFunction(
  description: string,
  timeoutSeconds: number,
  permissions: readonly Permission[],
  memoryMb = 512,
): FunctionRow {
  return { description, timeoutSeconds, memoryMb, permissions };
}

/** Marks a function that sends to its own queue until its work is done. */
function selfInvoking(row: FunctionRow): FunctionRow {
  return { ...row, selfInvoking: true };
}
