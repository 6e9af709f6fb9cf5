/**
 * AWS on this machine: DynamoDB, SQS, KMS, Secrets Manager and EventBridge behind one loopback address. The services know each
 * caller by its access key id and refuse what its row does not grant; with a folder, everything outlives a restart.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { accountId, region } from './account.ts';
import { startDynamoDb } from './dynamodb/dynamodb-engine.ts';
import { type BusEntry, openBuses } from './events/event-buses.ts';
import { lockFolder } from './folder-lock.ts';
import type { Grant } from './front/access-grants.ts';
import { type CallCounter, countCalls } from './front/call-counter.ts';
import { demandsOf } from './front/demands.ts';
import { type Intercept, startFront } from './front/front.ts';
import { kmsOperations } from './kms/kms.ts';
import { createKeyring } from './kms/kms-keyring.ts';
import { openKeys } from './kms/kms-keys.ts';
import { createSealer } from './secrets/secret-versions.ts';
import { secretsManagerOperations } from './secrets/secrets-manager.ts';
import { openSecrets } from './secrets/secrets-store.ts';
import { type Service, serviceOf } from './service.ts';
import { startSqs } from './sqs/sqs-engine.ts';

export interface LocalAwsOptions {
  /** The folder that keeps all data, locked while this runs; in memory when absent. */
  readonly folder?: string;
  /** Any free port when absent or 0. */
  readonly port?: number;
  /** What a caller may do; `undefined` marks the operator, who may do everything. */
  readonly grantsOf: (accessKeyId: string) => readonly Grant[] | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Faults for tests. */
  readonly intercept?: Intercept;
  /** Whether calls signed for another region are taken too: beside endpoints elsewhere, whose region counts. */
  readonly anyRegion?: boolean;
}

export interface LocalAws extends Pick<CallCounter, 'calls' | 'resetCalls'> {
  /** What `AWS_ENDPOINT_URL_*` must say. SQS clients also need `useQueueUrlAsEndpoint: false`. */
  readonly endpoints: Readonly<Record<'dynamodb' | 'sqs' | 'kms' | 'secretsmanager' | 'eventbridge', string>>;
  /** What was last put on event buses, the oldest first. */
  readonly busEntries: () => readonly BusEntry[];
  readonly accountId: string;
  readonly region: string;
  /** Ends waiting calls, finishes the others, and gives the folder free. */
  close(): Promise<void>;
}

/** @throws when the folder or the port is in use, in words that say what to do. */
export async function startLocalAws(options: LocalAwsOptions): Promise<LocalAws> {
  // Closed in reverse order: first the door, last the lock.
  const deps = new AsyncDisposableStack();
  try {
    const aws = await start(options, deps);
    let closed: Promise<void> | undefined;
    return {
      ...aws,
      close() {
        closed ??= deps.disposeAsync();
        return closed;
      },
    };
  } catch (cause) {
    await deps.disposeAsync();
    throw cause;
  }
}

async function start(options: LocalAwsOptions, deps: AsyncDisposableStack): Promise<Omit<LocalAws, 'close'>> {
  const { folder, grantsOf, intercept, now, anyRegion = false } = options;
  if (folder !== undefined) deps.adopt(lockFolder(folder), (lock) => Promise.resolve(lock.release()));
  const keys = openKeys(fileIn(folder, 'kms.json'), now);
  const keyring = createKeyring(keys);
  const secrets = openSecrets(fileIn(folder, 'secrets.json'), now);
  const buses = openBuses();
  const keep = (service: Service) => deps.adopt(service, (running) => running.close());
  const services = {
    dynamodb: keep(await startDynamoDb(folderIn(folder, 'dynamodb'))),
    sqs: keep(await startSqs(folderIn(folder, 'sqs'))),
    kms: serviceOf(kmsOperations(keys, keyring, now)),
    secretsmanager: serviceOf(secretsManagerOperations(secrets, createSealer(keys, keyring), now)),
    events: serviceOf(buses.operations),
  };
  const counter = countCalls();
  const front = await startFront({
    port: options.port ?? 0,
    services,
    demandsOf: (call) => demandsOf(call, { keys, secrets }),
    grantsOf,
    counter,
    intercept,
    anyRegion,
  });
  deps.defer(() => front.close());
  return {
    endpoints: {
      dynamodb: front.url,
      sqs: front.url,
      kms: front.url,
      secretsmanager: front.url,
      eventbridge: front.url,
    },
    busEntries: buses.entries,
    accountId,
    region,
    calls: counter.calls,
    resetCalls: counter.resetCalls,
  };
}

function fileIn(folder: string | undefined, name: string): string | undefined {
  return folder === undefined ? undefined : join(folder, name);
}

function folderIn(folder: string | undefined, name: string): string | undefined {
  if (folder === undefined) return undefined;
  const path = join(folder, name);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}
