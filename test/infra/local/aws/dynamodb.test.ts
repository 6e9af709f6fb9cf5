/** DynamoDB on the local stack, through the real client: the front passes calls and answers on untouched. */
import { crc32 } from 'node:zlib';
import {
  CreateTableCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { clientsOf, failureOf, startAws } from './aws-fixture.ts';

const TableName = 'Connections';

const createTable = (dynamodb: DynamoDBClient) =>
  dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'owner'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'byOwner',
          KeySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    }),
  );

const item = (pk: string) => ({ pk: { S: pk }, owner: { S: 'ann' }, bytes: { B: Uint8Array.of(0, 255) } });

test('a created table takes items at once and gives them back, by key and by index', async () => {
  const { dynamodb } = clientsOf(await startAws());
  await createTable(dynamodb);

  await dynamodb.send(new PutItemCommand({ TableName, Item: item('a') }));
  const byKey = await dynamodb.send(new GetItemCommand({ TableName, Key: { pk: { S: 'a' } } }));
  const byIndex = await dynamodb.send(
    new QueryCommand({
      TableName,
      IndexName: 'byOwner',
      KeyConditionExpression: '#owner = :owner',
      ExpressionAttributeNames: { '#owner': 'owner' },
      ExpressionAttributeValues: { ':owner': { S: 'ann' } },
    }),
  );

  expect(byKey.Item?.['bytes']?.B).toEqual(Uint8Array.of(0, 255));
  expect(byIndex.Items).toEqual([{ pk: { S: 'a' }, owner: { S: 'ann' } }]);
});

test('the exceptions of the engine reach the client by name', async () => {
  const { dynamodb } = clientsOf(await startAws());
  await createTable(dynamodb);

  const condition = { TableName, Key: { pk: { S: 'a' } }, ConditionExpression: 'attribute_exists(pk)' };
  const conditional = await failureOf(dynamodb.send(new DeleteItemCommand(condition)));
  const unknown = await failureOf(
    dynamodb.send(new GetItemCommand({ TableName: 'Nowhere', Key: { pk: { S: 'a' } } })),
  );

  expect(conditional.name).toBe('ConditionalCheckFailedException');
  expect(unknown.name).toBe('ResourceNotFoundException');
});

test('status, checksum, request id and bytes arrive as the engine sent them', async () => {
  const aws = await startAws();
  await createTable(clientsOf(aws).dynamodb);

  const answer = await fetch(aws.endpoints.dynamodb, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.ListTables',
      'x-amz-date': '20260101T000000Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=operator/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: '{}',
  });
  const text = await answer.text();

  expect(answer.status).toBe(200);
  expect(text).toBe('{"TableNames":["Connections"]}');
  expect(answer.headers.get('x-amz-crc32')).toBe(String(crc32(text)));
  expect(answer.headers.get('x-amzn-requestid')).toMatch(/^[0-9A-Z]{52}$/);
  expect(answer.headers.get('content-type')).toBe('application/x-amz-json-1.0');
});

test('fifty callers at once each get their own answer', async () => {
  const { dynamodb } = clientsOf(await startAws());
  await createTable(dynamodb);
  const keys = Array.from({ length: 50 }, (_each, index) => `item-${index}`);

  await Promise.all(keys.map((key) => dynamodb.send(new PutItemCommand({ TableName, Item: item(key) }))));
  const found = await Promise.all(
    keys.map((pk) => dynamodb.send(new GetItemCommand({ TableName, Key: { pk: { S: pk } } }))),
  );

  expect(found.map(({ Item }) => Item?.['pk']?.S)).toEqual(keys);
});
