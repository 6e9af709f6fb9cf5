/**
 * THE table: each function, what calls it and what it may touch; the tables, keys and secrets it stands on. The AWS
 * stack and the local stack are both made from this, so what fails here would fail there.
 */

import type { FunctionName } from '../lib/config.ts';
import { contract, type RouteName } from '../lib/contract/contract.ts';
import { indexes } from '../lib/table/keys.ts';
import type { FunctionRow, Permission, QueueName, QueueRow, QueueWorker } from './topology-rows.ts';

/** One at a time each: a poison message harms no other, and nobody waits for these. */
const filing = { function: 'file-failures', batchSize: 1, maxConcurrency: 5 } as const;

/** Every queue has a dead-letter queue beside it; a message that was received too often goes there. */
export const queues = {
  events: {
    description: 'What tenants are told',
    worker: { function: 'fan-out-events', batchSize: 10, maxConcurrency: 20 },
    deadLetters: filing,
  },
  deliveries: {
    description: 'Events on their way to one destination each',
    worker: { function: 'deliver', batchSize: 5, maxConcurrency: 20 },
    deadLetters: filing,
    // What waits for its next try, for a week in all at most, is a new message each time and as young as that.
    delaySeconds: 900,
  },
  refresh: {
    description: 'Connections for which something is due',
    worker: { function: 'refresh-connection', batchSize: 10, maxConcurrency: 20 },
  },
  incoming: {
    description: 'Webhook events whose signature is good',
    worker: { function: 'process-event', batchSize: 10, maxConcurrency: 20 },
    deadLetters: filing,
  },
  rescue: {
    description: 'Renewed credentials that could not be stored, sealed',
    worker: { function: 'rescue-credentials', batchSize: 1, maxConcurrency: 5 },
  },
  jobs: {
    description: "The end of a user's or a tenant's connections",
    worker: { function: 'run-job', batchSize: 1, maxConcurrency: 2 },
  },
} as const satisfies Record<QueueName, QueueRow>;

export const queueNames = Object.keys(queues) as QueueName[];

/** The names under which the stack tells where a queue and its dead letters are. */
export function queueOutputs(name: QueueName): { readonly queue: string; readonly deadLetters: string } {
  const capital = name.charAt(0).toUpperCase() + name.slice(1);
  return { queue: `${capital}QueueUrl`, deadLetters: `${capital}DeadLettersUrl` };
}

/** How often a message is received at most. AWS advises at least five, so that throttling alone fills no dead-letter queue. */
export const maxReceiveCount = 5;
/** How long a message may be in a queue. Longer than any outage is left alone. */
export const retentionDays = 4;
/** A message keeps its age among the dead letters, so that it may grow older there; the most that SQS has. */
export const deadLetterDays = 14;

/** A worker's message stays hidden for six times its function's time-out, as AWS advises. */
export function visibilitySeconds(name: QueueName): number {
  const defineFunction: QueueRow = queues[name];
  return hiddenSeconds(defineFunction.worker);
}

/** The same for its dead letters. */
export function deadLetterVisibilitySeconds(name: QueueName): number {
  const defineFunction: QueueRow = queues[name];
  return hiddenSeconds(defineFunction.deadLetters);
}

function hiddenSeconds(worker: QueueWorker | undefined): number {
  return worker === undefined ? 30 : 6 * functions[worker.function].timeoutSeconds;
}

/** Functions that run by the clock. */
export const schedules = {
  'refresh-due': { everySeconds: 60 },
} as const satisfies Partial<Record<FunctionName, { readonly everySeconds: number }>>;

export type ScheduleName = keyof typeof schedules;

const read = { on: 'connections', actions: ['dynamodb:GetItem'] } as const;
const write = { on: 'connections', actions: ['dynamodb:UpdateItem'] } as const;
const list = { on: 'connections', actions: ['dynamodb:Query'], index: 'byTenant' } as const;
const listed = { on: 'connections', actions: ['dynamodb:BatchGetItem'] } as const;
/** Who else holds a grant; asked before anything is revoked that might be theirs too. */
const holders = [
  { on: 'connections', actions: ['dynamodb:Query'], index: 'byPlatformUser' },
  listed,
] as const;
/** Opens, and seals under a key that is there; the newest one is found by a query. */
const vault = [
  { on: 'vaultKey', actions: ['kms:Decrypt'], purpose: 'credentials' },
  { on: 'connections', actions: ['dynamodb:Query'] },
] as const satisfies readonly Permission[];
/** Seals for tenants for whom nothing has been sealed before: their key is made with the first sealing. */
const firstSealing = [
  { on: 'vaultKey', actions: ['kms:GenerateDataKey'], purpose: 'credentials' },
  { on: 'connections', actions: ['dynamodb:PutItem'] },
] as const satisfies readonly Permission[];
/** A tenant's wrapped keys are emptied and a tombstone takes the next version: no right to the vault's key is in it. */
const burial = [{ on: 'connections', actions: ['dynamodb:Query', 'dynamodb:PutItem'] }] as const;
/** A new connection, or the same account again. */
const store = { on: 'connections', actions: ['dynamodb:PutItem'] } as const;
const stateSecret = { on: 'stateSecret', actions: ['secretsmanager:GetSecretValue'] } as const;
const appSecrets = { on: 'appSecrets', actions: ['secretsmanager:GetSecretValue'] } as const;
const flows = { on: 'activity', actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'] } as const;
const leases = {
  on: 'activity',
  actions: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
} as const;
const sendTo = (queue: QueueName) => ({ on: 'queue', queue, actions: ['sqs:SendMessage'] }) as const;

/** Redeeming a code: read the flow, open the code, store connections, clean up what could not be stored, tell of it. */
const redeem = [read, write, store, ...vault, flows, appSecrets, ...holders, sendTo('events')] as const;
/** Renewing credentials in place: as many writers as callers, one call. */
const renew = [
  read,
  write,
  ...vault,
  leases,
  appSecrets,
  ...holders,
  sendTo('events'),
  sendTo('rescue'),
] as const;
/** Ending a connection: it may have to be renewed to be revoked. */
const end = [...renew, { on: 'connections', actions: ['dynamodb:DeleteItem'] }] as const;

export const functions = {
  sessions: defineFunction('Mints session tokens for browsers', 10, [
    read,
    { on: 'sessionKey', actions: ['secretsmanager:GetSecretValue'] },
  ]),
  connect: defineFunction('Begins a flow, or connects by credentials', 29, [
    read,
    write,
    ...vault,
    ...firstSealing,
    { on: 'activity', actions: ['dynamodb:PutItem'] },
    sendTo('events'),
  ]),
  start: defineFunction('Sends the browser to the platform', 10, [flows, stateSecret]),
  callback: defineFunction('Takes the answer of the platform', 29, [...redeem, ...firstSealing, stateSecret]),
  complete: defineFunction('Redeems the code for the right user', 29, redeem),
  status: defineFunction('Lists connections', 10, [read, list, listed]),
  providers: defineFunction('Lists providers', 10, [read, list, listed]),
  token: defineFunction('Hands out access tokens', 29, renew),
  refresh: defineFunction('Renews credentials', 29, renew),
  disconnect: defineFunction('Revokes and deletes', 29, end),
  users: defineFunction('Begins the end of all connections of a user', 10, [
    read,
    { on: 'connections', actions: ['dynamodb:PutItem'] },
    sendTo('jobs'),
  ]),
  'refresh-due': defineFunction('Finds what is due, each minute', 50, [
    read,
    { on: 'connections', actions: ['dynamodb:Query'], index: 'byDue' },
    // Where it stopped reading.
    { on: 'activity', actions: ['dynamodb:GetItem', 'dynamodb:PutItem'] },
    { on: 'queue', queue: 'refresh', actions: ['sqs:SendMessage', 'sqs:GetQueueAttributes'] },
    sendTo('jobs'),
  ]),
  // It mostly waits for platforms, ten at a time, and memory is paid for while it waits.
  'refresh-connection': defineFunction('Does what is due for connections', 60, end, 256),
  'rescue-credentials': defineFunction('Stores renewed credentials that could not be stored', 29, [
    read,
    write,
    sendTo('events'),
  ]),
  webhook: defineFunction('Takes the events of platforms', 10, [appSecrets, sendTo('incoming')]),
  // A deletion that waits for a platform to come back looks again and again.
  'process-event': selfInvoking(
    defineFunction('Does what webhook events mean', 60, [
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
  'platform-callback': defineFunction('Takes the word of platforms that users leave', 10, [
    appSecrets,
    { on: 'activity', actions: ['dynamodb:PutItem'] },
    sendTo('incoming'),
  ]),
  'data-deletion-status': defineFunction('Shows a person how far the deletion of their data is', 10, [
    { on: 'activity', actions: ['dynamodb:GetItem'] },
  ]),
  'file-failures': defineFunction('Files events and deliveries that failed for good', 29, [
    read,
    { on: 'activity', actions: ['dynamodb:GetItem', 'dynamodb:PutItem'] },
  ]),
  failures: defineFunction('Lists what failed for good', 10, [
    read,
    { on: 'activity', actions: ['dynamodb:GetItem', 'dynamodb:Query'] },
  ]),
  'replay-failure': defineFunction('Sends what failed through its queue again', 10, [
    read,
    { on: 'activity', actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'] },
    sendTo('incoming'),
    sendTo('events'),
    sendTo('deliveries'),
  ]),
  'fan-out-events': defineFunction('Sends events to the destinations of their tenants', 10, [
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
  'run-job': defineFunction('Ends the connections of a user or a tenant', 60, [
    read,
    write,
    list,
    listed,
    ...burial,
    // A tenant's destinations.
    { on: 'connections', actions: ['dynamodb:DeleteItem'] },
    sendTo('refresh'),
  ]),
  health: defineFunction('Says that the API is there', 5, []),
} as const satisfies Record<FunctionName, FunctionRow>;

/** Tables as DynamoDB makes them: string keys `pk` and `sk`, KEYS_ONLY indexes. */
export const tables = {
  connections: { indexes: Object.values(indexes), precious: true },
  activity: { indexes: [], precious: false },
} as const;

/** Attribute by which DynamoDB removes what has expired, in both tables. */
export const timeToLiveAttribute = 'ttl';

/** The gateway's routes, from the contract. */
export const routes = (Object.keys(contract) as RouteName[]).map((name) => {
  const { method, path, function: functionName } = contract[name];
  return { name, method, path, functionName };
});

/** Browsers call with a session token in a header, never with cookies, so any origin may ask. */
export const cors = {
  allowOrigins: ['*'],
  allowMethods: ['GET', 'POST', 'DELETE'],
  allowHeaders: ['authorization', 'content-type'],
  exposeHeaders: ['retry-after', 'x-correlation-id'],
  maxAgeSeconds: 3_600,
} as const;

/** Prefix of the names of provider apps' secrets; the rest is the app's context. */
export const appSecretPrefix = 'hawser/apps/';

function defineFunction(
  description: string,
  timeoutSeconds: number,
  permissions: readonly Permission[],
  memoryMb = 512,
): FunctionRow {
  return { description, timeoutSeconds, memoryMb, permissions };
}

/** For a function that sends to a queue that it works on, for as long as something is not done. */
function selfInvoking(plain: FunctionRow): FunctionRow {
  return { ...plain, selfInvoking: true };
}
