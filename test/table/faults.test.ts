/** Database faults: the table tells our own write from a concurrent one, and reports every other failure as one error. */
import { createServer } from 'node:http';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it, onTestFinished } from 'vitest';
import { region } from '../../infra/local/aws/account.ts';
import type { Fault } from '../../infra/local/aws/front/front.ts';
import { listenOnLoopback } from '../../infra/local/aws/front/listen.ts';
import { equals, exists } from '../../lib/table/condition.ts';
import { openTable } from '../../lib/table/table.ts';
import { type Engine, onEachEngine } from './engines.ts';

const key = { pk: 'a', sk: 'a' };
const databaseError = expect.objectContaining({
  name: 'IntegrationError',
  code: 'DATABASE_ERROR',
  retryAfterSeconds: 1,
});

/** The fault strikes the first `times` calls of the action. */
function strike(engine: Engine, action: string, fault: Fault, times = 1): void {
  let left = times;
  engine.intercept((call) => {
    if (call.action !== `dynamodb:${action}` || left === 0) return undefined;
    left -= 1;
    return fault;
  });
}

onEachEngine((engine) => {
  describe('a write that the client repeated after a lost answer', () => {
    it('counts as ours when our put is stored', async () => {
      const table = await engine.newTable();
      strike(engine, 'PutItem', 'drop-after');

      const stored = await table.put(key, { word: 'mine' });

      expect(stored).toBe(true);
      expect(await table.get(key)).toMatchObject({ word: 'mine' });
    });

    it('counts as ours when our update is stored, and returns the item', async () => {
      const table = await engine.newTable();
      await table.put(key, { generation: 1 });
      strike(engine, 'UpdateItem', 'drop-after');

      const item = await table.update(key, { set: { generation: 2 } }, equals('generation', 1));

      expect(item).toMatchObject({ generation: 2 });
    });

    it('counts as ours when the item is gone after a delete', async () => {
      const table = await engine.newTable();
      await table.put(key, { generation: 1 });
      strike(engine, 'DeleteItem', 'drop-after');

      const gone = await table.delete(key, equals('generation', 1));

      expect(gone).toBe(true);
    });

    it('counts as a concurrent one when another writer wrote before the repeat', async () => {
      const table = await engine.newTable();
      await table.put(key, { generation: 1 });
      await table.update(key, { set: { generation: 2, by: 'rival' } }, exists('pk'));
      strike(engine, 'UpdateItem', 'drop');

      const item = await table.update(key, { set: { generation: 2, by: 'me' } }, equals('generation', 1));

      expect(item).toBeUndefined();
      expect(await table.get(key)).toMatchObject({ by: 'rival' });
    });

    it('counts as a concurrent one when our put never arrived and another is stored', async () => {
      const table = await engine.newTable();
      await table.put(key, { by: 'rival' });
      strike(engine, 'PutItem', 'drop');

      expect(await table.put(key, { by: 'me' })).toBe(false);
    });

    it('is not read back when nothing was repeated', async () => {
      const table = await engine.newTable();
      await table.put(key, { by: 'rival' });
      engine.resetCalls();

      await table.put(key, { by: 'me' });

      expect(engine.calls().map(({ action }) => action)).toEqual(['dynamodb:PutItem']);
    });
  });

  describe('a database that does not answer', () => {
    const throttled: Fault = { error: 'ProvisionedThroughputExceededException', status: 400 };

    it('is retried by the client, so that callers never notice short throttling', async () => {
      const table = await engine.newTable();
      strike(engine, 'PutItem', throttled);

      expect(await table.put(key, {})).toBe(true);
    });

    it.each([
      ['throttling', throttled],
      ['an internal error', { error: 'InternalServerError', status: 500 }],
      ['a missing permission', { error: 'AccessDeniedException', status: 400 }],
      ['a dropped connection', 'drop'],
    ] as const)('is DATABASE_ERROR to every operation: %s', async (_name, fault) => {
      const { table } = await engine.newTableWithClient(1);
      engine.intercept((call) => (call.action === 'dynamodb:CreateTable' ? undefined : fault));

      const operations = [
        table.get(key),
        table.put(key, {}),
        table.update(key, {}, exists('pk')),
        table.delete(key, exists('pk')),
        table.query({ partition: 'a', limit: 1 }),
        table.page({ index: 'byTenant', partition: 'a', limit: 1 }, ['pk']),
        table.batchGet([key], ['pk']),
      ];

      for (const { status, ...rest } of await Promise.allSettled(operations)) {
        expect(status).toBe('rejected');
        expect(rest).toEqual({ reason: databaseError });
      }
    });

    it('is DATABASE_ERROR when it stops answering before a lost write can be read back', async () => {
      const { table } = await engine.newTableWithClient(2);
      await table.put(key, {});
      let puts = 0;
      engine.intercept(({ action }) => {
        if (action === 'dynamodb:GetItem') return 'drop';
        puts += 1;
        return puts === 1 ? 'drop' : undefined;
      });

      await expect(table.put(key, {})).rejects.toEqual(databaseError);
    });
  });
});

describe('a batch with unprocessed keys', () => {
  const keys = ['a', 'b', 'c'].map((pk) => ({ pk, sk: 's' }));

  /** A DynamoDB that reads so many keys of each batch and leaves the others. */
  async function slowTable(readsPerBatch: number) {
    let batches = 0;
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const { RequestItems } = JSON.parse(Buffer.concat(chunks).toString()) as {
        RequestItems: Record<string, { Keys: object[] }>;
      };
      const asked = RequestItems['slow'];
      batches += 1;
      const answer = {
        Responses: { slow: asked?.Keys.slice(0, readsPerBatch) },
        UnprocessedKeys:
          asked && asked.Keys.length > readsPerBatch
            ? { slow: { ...asked, Keys: asked.Keys.slice(readsPerBatch) } }
            : {},
      };
      response.setHeader('content-type', 'application/x-amz-json-1.0').end(JSON.stringify(answer));
    });
    const port = await listenOnLoopback(server, 0);
    const client = new DynamoDBClient({
      region,
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'operator', secretAccessKey: 's4ndb0x-never-sent' },
    });
    onTestFinished(() => {
      client.destroy();
      server.close();
    });
    return { table: openTable(client, 'slow'), batches: () => batches };
  }

  it('is read completely', async () => {
    const { table, batches } = await slowTable(1);

    expect(await table.batchGet(keys, [])).toEqual(keys);
    expect(batches()).toBe(3);
  });

  it('fails after three rounds instead of returning a part', async () => {
    const { table, batches } = await slowTable(0);

    await expect(table.batchGet(keys, [])).rejects.toEqual(databaseError);
    expect(batches()).toBe(3);
  });
});
