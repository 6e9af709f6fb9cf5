/** What tests of the product lean on: calls are counted, and faults strike exactly the named call. */
import { CreateTableCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateQueueCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import type { Fault, Intercept } from '../../../../infra/local/aws/front/front.ts';
import { clientsOf, failureOf, startAws } from './aws-fixture.ts';

const TableName = 'Connections';

/** A stack with one table, whose puts meet the fault. */
async function stackWith(fault: Fault | undefined) {
  const seen: Parameters<Intercept>[0][] = [];
  const aws = await startAws({
    intercept(call) {
      seen.push(call);
      return call.action === 'dynamodb:PutItem' ? fault : undefined;
    },
  });
  const { dynamodb, sqs } = clientsOf(aws);
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    }),
  );
  const put = () => dynamodb.send(new PutItemCommand({ TableName, Item: { pk: { S: 'a' } } }));
  const stored = async () => {
    const { Item } = await dynamodb.send(new GetItemCommand({ TableName, Key: { pk: { S: 'a' } } }));
    return Item !== undefined;
  };
  return { aws, sqs, put, stored, seen };
}

test('an injected error reaches the client by name, and the call is not performed', async () => {
  const { put, stored } = await stackWith({ error: 'ProvisionedThroughputExceededException', status: 400 });

  const failure = await failureOf(put());

  expect(failure.name).toBe('ProvisionedThroughputExceededException');
  expect(failure.$metadata?.httpStatusCode).toBe(400);
  expect(await stored()).toBe(false);
});

test('a dropped call breaks the connection and is not performed', async () => {
  const { put, stored } = await stackWith('drop');

  const failure = await failureOf(put());

  expect(failure.message).toMatch(/socket hang up|ECONNRESET/);
  expect(await stored()).toBe(false);
});

test('a lost answer breaks the connection after the call was performed', async () => {
  const { put, stored } = await stackWith('drop-after');

  const failure = await failureOf(put());

  expect(failure.message).toMatch(/socket hang up|ECONNRESET/);
  expect(await stored()).toBe(true);
});

test('a delayed call is performed late', async () => {
  const { put, stored } = await stackWith({ delayMs: 150 });

  const from = performance.now();
  await put();

  expect(performance.now() - from).toBeGreaterThanOrEqual(149);
  expect(await stored()).toBe(true);
});

test('the interceptor sees who calls what with which input', async () => {
  const { put, seen } = await stackWith(undefined);

  await put();

  const body = expect.objectContaining({ TableName, Item: { pk: { S: 'a' } } });
  expect(seen.at(-1)).toEqual({ principal: 'operator', action: 'dynamodb:PutItem', body });
});

test('calls are counted by caller and action, refused and failed ones included, until a reset', async () => {
  const grantsOf = (id: string) => (id === 'status' ? [] : undefined);
  const aws = await startAws({ grantsOf });
  const [owner, status] = [clientsOf(aws), clientsOf(aws, 'status')];
  const { QueueUrl } = await owner.sqs.send(new CreateQueueCommand({ QueueName: 'refresh' }));
  aws.resetCalls();

  const batch = new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: 'a', MessageBody: 'hello' }] });
  await owner.sqs.send(batch);
  await owner.sqs.send(batch);
  await failureOf(status.sqs.send(batch));
  await failureOf(owner.dynamodb.send(new GetItemCommand({ TableName, Key: { pk: { S: 'a' } } })));

  expect(aws.calls()).toEqual([
    { principal: 'operator', action: 'sqs:SendMessageBatch', count: 2 },
    { principal: 'status', action: 'sqs:SendMessageBatch', count: 1 },
    { principal: 'operator', action: 'dynamodb:GetItem', count: 1 },
  ]);
});
