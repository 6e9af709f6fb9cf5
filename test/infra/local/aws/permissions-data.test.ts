/** Rights to tables and queues on the local stack: what a row grants passes, the rest is refused as IAM refuses it. */
import {
  BatchGetItemCommand,
  CreateTableCommand,
  GetItemCommand,
  ListTablesCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import {
  ChangeMessageVisibilityBatchCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { type clientsOf, failureOf, outcome, stackWith } from './aws-fixture.ts';

async function createTables({ dynamodb }: ReturnType<typeof clientsOf>): Promise<void> {
  for (const TableName of ['Connections', 'Activity']) {
    await dynamodb.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: ['pk', 'due'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'byDue',
            KeySchema: [{ AttributeName: 'due', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'KEYS_ONLY' },
          },
        ],
      }),
    );
  }
}

const getItem = (TableName: string) => new GetItemCommand({ TableName, Key: { pk: { S: 'a' } } });
const query = (IndexName: string) =>
  new QueryCommand({
    TableName: 'Connections',
    IndexName,
    KeyConditionExpression: 'due = :due',
    ExpressionAttributeValues: { ':due': { S: 'a' } },
  });

test('a refusal names the caller, the action and the resource, as IAM does', async () => {
  const { owner, fn } = await stackWith([{ actions: ['dynamodb:PutItem'], resource: 'Connections' }]);
  await createTables(owner);

  const failure = await failureOf(fn.dynamodb.send(getItem('Connections')));

  expect(failure.name).toBe('AccessDeniedException');
  expect(failure.$metadata?.httpStatusCode).toBe(400);
  expect(failure.message).toBe(
    'User: arn:aws:sts::000000000000:assumed-role/complete/complete is not authorized to perform: dynamodb:GetItem ' +
      'on resource: arn:aws:dynamodb:us-east-1:000000000000:table/Connections ' +
      'because no identity-based policy allows the dynamodb:GetItem action',
  );
});

test('a right to one table is none to another, and none to all', async () => {
  const { owner, fn } = await stackWith([
    { actions: ['dynamodb:GetItem', 'dynamodb:ListTables'], resource: 'Connections' },
  ]);
  await createTables(owner);

  const outcomes = [
    await outcome(fn.dynamodb.send(getItem('Connections'))),
    await outcome(fn.dynamodb.send(getItem('arn:aws:dynamodb:us-east-1:000000000000:table/Activity'))),
    await outcome(fn.dynamodb.send(getItem('Activity'))),
    await outcome(fn.dynamodb.send(new ListTablesCommand({}))),
  ];

  expect(outcomes).toEqual([
    'granted',
    'AccessDeniedException',
    'AccessDeniedException',
    'AccessDeniedException',
  ]);
});

test('a batch needs the right to every table in it', async () => {
  const grant = { actions: ['dynamodb:BatchGetItem'], resource: 'Connections' };
  const { owner, fn } = await stackWith([grant]);
  await createTables(owner);
  const batch = (...tables: string[]) => {
    const RequestItems = Object.fromEntries(tables.map((name) => [name, { Keys: [{ pk: { S: 'a' } }] }]));
    return outcome(fn.dynamodb.send(new BatchGetItemCommand({ RequestItems })));
  };

  const outcomes = [await batch('Connections'), await batch('Connections', 'Activity')];

  expect(outcomes).toEqual(['granted', 'AccessDeniedException']);
});

test.each([
  ['the table alone', ['Connections'], 'AccessDeniedException'],
  ['the index alone', ['table/Connections/index/byDue'], 'granted'],
  [
    'the table and another index',
    ['Connections', 'table/Connections/index/byTenant'],
    'AccessDeniedException',
  ],
  ['the table and the index', ['Connections', 'table/Connections/index/byDue'], 'granted'],
  ['the table and all its indexes', ['Connections', 'table/Connections/index/*'], 'granted'],
])('a query of an index with the right to %s', async (_what, resources, expected) => {
  const { owner, fn } = await stackWith(
    resources.map((resource) => ({ actions: ['dynamodb:Query'], resource })),
  );
  await createTables(owner);

  expect(await outcome(fn.dynamodb.send(query('byDue')))).toBe(expected);
});

test('a right to sending covers batches, and no other queue and no other verb', async () => {
  const { owner, fn } = await stackWith([{ actions: ['sqs:SendMessage'], resource: 'refresh' }]);
  const urls = [];
  for (const QueueName of ['refresh', 'events'])
    urls.push((await owner.sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl);
  const [QueueUrl, other] = urls;
  const MessageBody = 's4ndb0x body';

  const outcomes = [
    await outcome(fn.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }))),
    await outcome(
      fn.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: 'a', MessageBody }] })),
    ),
    await outcome(fn.sqs.send(new SendMessageCommand({ QueueUrl: other, MessageBody }))),
    await outcome(fn.sqs.send(new ReceiveMessageCommand({ QueueUrl }))),
  ];

  expect(outcomes).toEqual(['granted', 'granted', 'AccessDeniedException', 'AccessDeniedException']);
});

test('a worker of a queue deletes and gives back in batches with the rights of the single calls', async () => {
  const actions = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility'];
  const { owner, fn } = await stackWith([{ actions, resource: 'refresh' }]);
  const { QueueUrl } = await owner.sqs.send(new CreateQueueCommand({ QueueName: 'refresh' }));
  await owner.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }));

  const received = await fn.sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  const entry = { Id: 'a', ReceiptHandle: received.Messages?.[0]?.ReceiptHandle };
  const visibility = { QueueUrl, Entries: [{ ...entry, VisibilityTimeout: 30 }] };
  const outcomes = [
    await outcome(fn.sqs.send(new ChangeMessageVisibilityBatchCommand(visibility))),
    await outcome(fn.sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: [entry] }))),
  ];

  expect(outcomes).toEqual(['granted', 'granted']);
});
