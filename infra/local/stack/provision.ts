/** Makes the tables, the key and the secrets that the topology names, where they are missing, and brings queues up to date. Run at every start. */
import {
  CreateTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  type KMSClient,
  NotFoundException,
} from '@aws-sdk/client-kms';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import {
  deadLetterDays,
  deadLetterVisibilitySeconds,
  maxReceiveCount,
  queueNames,
  retentionDays,
  tables,
  visibilitySeconds,
} from '../../topology.ts';
import type { QueueName } from '../../topology-rows.ts';
import { accountId } from '../aws/account.ts';

/** The names of the resources in a local stack. */
export const localNames = {
  connectionsTable: 'hawser-connections',
  activityTable: 'hawser-activity',
  vaultKeyId: 'alias/hawser-vault',
  stateSecretId: 'hawser/state',
  sessionKeySecretId: 'hawser/session-key',
} as const;

export const localQueueName = (name: QueueName) => `hawser-${name}`;
export const deadLetterName = (name: QueueName) => `hawser-${name}-dead`;

/** Where the queues of a local stack are. The host of a queue's URL is of no account; its last part names the queue. */
export function localQueueUrls(
  endpoint: string,
): Readonly<Record<QueueName, { readonly queue: string; readonly deadLetters: string }>> {
  const at = (name: string) => `${endpoint}/${accountId}/${name}`;
  const entries = queueNames.map((name) => [
    name,
    { queue: at(localQueueName(name)), deadLetters: at(deadLetterName(name)) },
  ]);
  return Object.fromEntries(entries) as ReturnType<typeof localQueueUrls>;
}

const daySeconds = 86_400;
const tableNames = { connections: localNames.connectionsTable, activity: localNames.activityTable } as const;

export async function provision(clients: {
  readonly dynamoDb: DynamoDBClient;
  readonly kms: KMSClient;
  readonly sqs: SQSClient;
}): Promise<void> {
  await Promise.all([
    createTable(clients.dynamoDb, 'connections'),
    createTable(clients.dynamoDb, 'activity'),
    createVaultKey(clients.kms),
    ...queueNames.map((name) => createQueue(clients.sqs, name)),
  ]);
}

async function createTable(client: DynamoDBClient, name: keyof typeof tables): Promise<void> {
  const { indexes } = tables[name];
  const attributes = ['pk', 'sk', ...indexes.flatMap((index) => [index.partition, index.sort])];
  const keySchema = (partition: string, sort: string) => [
    { AttributeName: partition, KeyType: 'HASH' as const },
    { AttributeName: sort, KeyType: 'RANGE' as const },
  ];
  try {
    await client.send(
      new CreateTableCommand({
        TableName: tableNames[name],
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: attributes.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
        KeySchema: keySchema('pk', 'sk'),
        ...(indexes.length > 0 && {
          GlobalSecondaryIndexes: indexes.map((index) => ({
            IndexName: index.name,
            KeySchema: keySchema(index.partition, index.sort),
            Projection: { ProjectionType: 'KEYS_ONLY' as const },
          })),
        }),
      }),
    );
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  await waitUntilTableExists({ client, maxWaitTime: 20, minDelay: 1 }, { TableName: tableNames[name] });
}

/** A queue and its dead-letter queue. */
async function createQueue(client: SQSClient, name: QueueName): Promise<void> {
  const dead = await putQueue(client, deadLetterName(name), {
    MessageRetentionPeriod: String(deadLetterDays * daySeconds),
    VisibilityTimeout: String(deadLetterVisibilitySeconds(name)),
  });
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: dead, AttributeNames: ['QueueArn'] }),
  );
  await putQueue(client, localQueueName(name), {
    MessageRetentionPeriod: String(retentionDays * daySeconds),
    VisibilityTimeout: String(visibilitySeconds(name)),
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: Attributes?.['QueueArn'], maxReceiveCount }),
  });
}

/** Made without attributes: one of an older topology may be there, and creating it with others would be refused. */
async function putQueue(
  client: SQSClient,
  QueueName: string,
  Attributes: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName }));
  await client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
  return QueueUrl;
}

async function createVaultKey(client: KMSClient): Promise<void> {
  try {
    await client.send(new DescribeKeyCommand({ KeyId: localNames.vaultKeyId }));
  } catch (error) {
    if (!(error instanceof NotFoundException)) throw error;
    const { KeyMetadata } = await client.send(new CreateKeyCommand({ Description: 'Wraps tenant keys' }));
    if (!KeyMetadata?.KeyId) throw new Error('The key service made a key without an id.');
    await client.send(
      new CreateAliasCommand({ AliasName: localNames.vaultKeyId, TargetKeyId: KeyMetadata.KeyId }),
    );
  }
}
