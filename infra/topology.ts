/**
 * THE table: each function, what calls it and what it may touch; the tables, keys and secrets it stands on. The AWS
 * stack and the local stack are both made from this, so what fails here would fail there.
 */
import { contract, type RouteName } from '../lib/api/contract.ts';
import type { FunctionName } from '../lib/config.ts';
import { type IndexName, indexes } from '../lib/table/keys.ts';

/** What stands on its own and is only pointed at. */
export const resources = {
  connections: { kind: 'table' },
  activity: { kind: 'table' },
  vaultKey: { kind: 'key' },
  stateSecret: { kind: 'secret' },
  sessionKey: { kind: 'secret' },
  /** All secrets of provider apps; each app has its own under a common prefix. */
  appSecrets: { kind: 'secrets' },
} as const;

export type ResourceName = keyof typeof resources;

/** One right, by action names. Nothing broader can be written here. */
export type Permission =
  | {
      readonly on: 'connections' | 'activity';
      readonly actions: readonly TableAction[];
      readonly index?: IndexName;
    }
  | { readonly on: 'vaultKey'; readonly actions: readonly KeyAction[]; readonly purpose: 'credentials' }
  | {
      readonly on: 'stateSecret' | 'sessionKey' | 'appSecrets';
      readonly actions: readonly ['secretsmanager:GetSecretValue'];
    };

type TableAction =
  | 'dynamodb:GetItem'
  | 'dynamodb:BatchGetItem'
  | 'dynamodb:Query'
  | 'dynamodb:PutItem'
  | 'dynamodb:UpdateItem'
  | 'dynamodb:DeleteItem';
type KeyAction = 'kms:GenerateDataKey' | 'kms:Decrypt';

export interface FunctionRow {
  /** What it is for, in the console. */
  readonly description: string;
  /** Gives up after this; the gateway does after 30 s. */
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly may: readonly Permission[];
}

const read = { on: 'connections', actions: ['dynamodb:GetItem'] } as const;
const list = { on: 'connections', actions: ['dynamodb:Query'], index: 'byTenant' } as const;
const listed = { on: 'connections', actions: ['dynamodb:BatchGetItem'] } as const;
/** Who else holds a grant; asked before anything is revoked that might be theirs too. */
const holders = { on: 'connections', actions: ['dynamodb:Query'], index: 'byOwner' } as const;
/** Opens and seals. The newest tenant key is found by a query; the first one is created with the first sealing. */
const vault = [
  { on: 'vaultKey', actions: ['kms:GenerateDataKey', 'kms:Decrypt'], purpose: 'credentials' },
  { on: 'connections', actions: ['dynamodb:Query', 'dynamodb:PutItem'] },
] as const satisfies readonly Permission[];
const stateSecret = { on: 'stateSecret', actions: ['secretsmanager:GetSecretValue'] } as const;
const appSecrets = { on: 'appSecrets', actions: ['secretsmanager:GetSecretValue'] } as const;
const flows = { on: 'activity', actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'] } as const;

/** Redeeming a code: read the flow, open the code, store connections, clean up what could not be stored. */
const redeem = [read, ...vault, flows, appSecrets, holders, listed] as const;
/** Renewing credentials in place. */
const renew = [read, ...vault, { on: 'connections', actions: ['dynamodb:UpdateItem'] }, appSecrets] as const;

export const functions = {
  sessions: row('Mints session tokens for browsers', 10, [
    read,
    { on: 'sessionKey', actions: ['secretsmanager:GetSecretValue'] },
  ]),
  connect: row('Begins a flow', 10, [read, ...vault, { on: 'activity', actions: ['dynamodb:PutItem'] }]),
  start: row('Sends the browser to the platform', 10, [flows, stateSecret]),
  callback: row('Takes the answer of the platform', 29, [...redeem, stateSecret]),
  complete: row('Redeems the code for the right user', 29, redeem),
  status: row('Lists connections', 10, [read, list, listed]),
  providers: row('Lists providers', 10, [read, list, listed]),
  token: row('Hands out access tokens', 29, renew),
  refresh: row('Renews credentials', 29, renew),
  disconnect: row('Revokes and deletes', 29, [
    ...renew,
    { on: 'connections', actions: ['dynamodb:DeleteItem'] },
    holders,
    listed,
  ]),
  health: row('Says that the API is there', 5, []),
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

function row(description: string, timeoutSeconds: number, may: readonly Permission[]): FunctionRow {
  return { description, timeoutSeconds, memoryMb: 512, may };
}
