/**
 * The floor: a worker that makes the calls a refresh cannot do without, with the clients' own settings, and does nothing
 * else. It opens and seals nothing, classifies nothing, waits for nobody and retries nothing.
 */
import { DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

interface Event {
  readonly Records: readonly { readonly body: string }[];
}

const dynamoDb = new DynamoDBClient();
const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
const {
  CONNECTIONS_TABLE: connectionsTable,
  ACTIVITY_TABLE: activityTable,
  EVENTS_QUEUE_URL: eventsQueueUrl,
  FLOOR_TOKEN_URL: tokenUrl = '',
} = process.env;

export const handler = async ({ Records }: Event) => {
  await Promise.all(Records.map(({ body }) => refresh(JSON.parse(body))));
  return { batchItemFailures: [] };
};

async function refresh({ tenantId, provider, accountId }: Readonly<Record<string, string>>): Promise<void> {
  const Key = {
    pk: { S: ['connection', tenantId, provider, accountId].join('#') },
    sk: { S: 'connection' },
  };
  const { Item = {} } = await dynamoDb.send(
    new GetItemCommand({ TableName: connectionsTable, Key, ConsistentRead: true }),
  );
  const id = Item['id']?.S ?? '';
  const generation = Number(Item['generation']?.N);
  await dynamoDb.send(
    new PutItemCommand({
      TableName: activityTable,
      Item: {
        pk: { S: `lease#${id}` },
        sk: { S: 'lease' },
        owner: { S: 'AAAAAAAAAAAAAAAA' },
        generation: { N: String(generation) },
        deadline: { N: String(Date.now() + 20_000) },
      },
      ConditionExpression: 'attribute_not_exists(pk)',
    }),
  );
  // The stored token is sealed; the platform of the bench knows this account by an open one.
  const account = Number(accountId?.slice(-12));
  const answer = await fetch(tokenUrl, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: `s4ndb0x.${account}.1.refresh.`.padEnd(200, 'A'),
      client_key: 'hawser',
      client_secret: 's4ndb0x-client-secret',
    }),
  });
  const { expires_in: lifetimeSeconds } = (await answer.json()) as { readonly expires_in: number };
  if (answer.status !== 200) throw new Error(`The platform answered ${answer.status}.`);
  const expiresAt = Date.now() + lifetimeSeconds * 1_000;
  await dynamoDb.send(
    new UpdateItemCommand({
      TableName: connectionsTable,
      Key,
      UpdateExpression:
        'SET sealed = :sealed, generation = :next, expiresAt = :expiresAt, dueSort = :dueSort',
      ConditionExpression: 'id = :id AND generation = :generation',
      ExpressionAttributeValues: {
        ':sealed': Item['sealed'] ?? { NULL: true },
        ':next': { N: String(generation + 1) },
        ':expiresAt': { N: String(expiresAt) },
        ':dueSort': { S: String(expiresAt - 3_600_000).padStart(15, '0') },
        ':id': { S: id },
        ':generation': { N: String(generation) },
      },
    }),
  );
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: eventsQueueUrl,
      MessageBody: JSON.stringify({ type: 'connection.refreshed', tenantId, provider, accountId }),
      MessageGroupId: tenantId,
    }),
  );
}
