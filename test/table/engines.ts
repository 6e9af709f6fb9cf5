/**
 * The two DynamoDB engines that the tests of the table and the stores run on, each behind the local AWS door, so that
 * a test can lose an answer or refuse a call on either. An engine that this machine lacks is skipped where all can see.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import { region } from '../../infra/local/aws/account.ts';
import { startDynamoDb } from '../../infra/local/aws/dynamodb/dynamodb-engine.ts';
import { type CallCounter, countCalls } from '../../infra/local/aws/front/call-counter.ts';
import { type Intercept, startFront } from '../../infra/local/aws/front/front.ts';
import { listenOnLoopback } from '../../infra/local/aws/front/listen.ts';
import { openUpstream } from '../../infra/local/aws/front/upstream.ts';
import type { Service } from '../../infra/local/aws/service.ts';
import { indexes } from '../../lib/table/keys.ts';
import { openTable, type Table } from '../../lib/table/table.ts';

export interface Engine extends Pick<CallCounter, 'calls' | 'resetCalls'> {
  /** A table of the product's shape that nobody else uses, as the product opens it. */
  newTable(): Promise<Table>;
  /** The same, with the client's own commands at hand; the client tries `attempts` times, as the product's does when absent. */
  newTableWithClient(
    attempts?: number,
  ): Promise<{ readonly table: Table; readonly client: DynamoDBClient; readonly name: string }>;
  /** Injects faults until the test ends. */
  intercept(faults: Intercept): void;
}

const binary = fileURLToPath(new URL('../../node_modules/@dynoxide/linux-x64/dynoxide', import.meta.url));

const engines = [
  { name: 'dynalite', present: true, start: () => startDynamoDb(undefined) },
  { name: 'dynoxide', present: existsSync(binary), start: startDynoxide },
] as const;

/** Runs the same tests once per engine. */
export function onEachEngine(tests: (engine: Engine) => void): void {
  for (const { name, present, start } of engines) {
    describe.skipIf(!present)(`on ${name}`, () => {
      let running: Awaited<ReturnType<typeof run>> | undefined;
      const engine = () => {
        if (!running) throw new Error('The engine is not running.');
        return running;
      };
      beforeAll(async () => {
        running = await run(await start());
      });
      afterAll(() => running?.close());

      tests({
        calls: () => engine().counter.calls(),
        resetCalls: () => engine().counter.resetCalls(),
        newTable: async () => (await engine().newTable()).table,
        newTableWithClient: (attempts) => engine().newTable(attempts),
        intercept(faults) {
          engine().faults = faults;
          onTestFinished(() => {
            engine().faults = undefined;
          });
        },
      });
    });
  }
}

async function run(dynamodb: Service) {
  const counter = countCalls();
  const absent: Service = {
    serve: () => Promise.reject(new Error('Only DynamoDB is served here.')),
    close: () => Promise.resolve(),
  };
  const state: { faults: Intercept | undefined } = { faults: undefined };
  const front = await startFront({
    port: 0,
    services: { dynamodb, sqs: absent, kms: absent, secretsmanager: absent, events: absent },
    demandsOf: () => [],
    grantsOf: () => undefined,
    counter,
    intercept: (call) => state.faults?.(call),
  });
  let tables = 0;

  return Object.assign(state, {
    counter,
    async newTable(attempts = 3) {
      tables += 1;
      const name = `table-${tables}`;
      const client = new DynamoDBClient({
        region,
        endpoint: front.url,
        credentials: { accessKeyId: 'operator', secretAccessKey: 's4ndb0x-never-sent' },
        maxAttempts: attempts,
      });
      onTestFinished(() => client.destroy());
      await client.send(tableLikeTheProducts(name));
      while (!(await isActive(client, name))) await delay(1);
      return { table: openTable(client, name), client, name };
    },
    async close() {
      await front.close();
      await dynamodb.close();
    },
  });
}

/** A table is there a moment after it was created, as on AWS. */
async function isActive(client: DynamoDBClient, name: string): Promise<boolean> {
  const { Table: found } = await client.send(new DescribeTableCommand({ TableName: name }));
  return found?.TableStatus === 'ACTIVE';
}

function tableLikeTheProducts(name: string): CreateTableCommand {
  const names = ['pk', 'sk', ...Object.values(indexes).flatMap(({ partition, sort }) => [partition, sort])];
  return new CreateTableCommand({
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: Object.values(indexes).map((index) => ({
      IndexName: index.name,
      KeySchema: [
        { AttributeName: index.partition, KeyType: 'HASH' },
        { AttributeName: index.sort, KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    })),
  });
}

/** The static binary, in memory, on a port that was free a moment ago. */
async function startDynoxide(): Promise<Service> {
  const probe = createServer();
  const port = await listenOnLoopback(probe, 0);
  await new Promise((resolve) => probe.close(resolve));
  const engine = spawn(binary, ['serve', '--host', '127.0.0.1', '--port', String(port)], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => engine.once('exit', () => resolve()));
  const upstream = openUpstream({ port, timeoutMilliseconds: 30_000 });
  await answering(port);

  return {
    serve: (_call, { headers, body }) => upstream.send(headers, body),
    async close() {
      await upstream.close();
      engine.kill('SIGKILL');
      await ended;
    },
  };
}

async function answering(port: number): Promise<void> {
  for (let waited = 0; waited < 120_000; waited += 20) {
    try {
      await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(30_000) });
      return;
    } catch {
      await delay(20);
    }
  }
  throw new Error('The engine did not answer within two minutes.');
}
