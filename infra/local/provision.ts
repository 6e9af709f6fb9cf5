/** Makes the tables, the key and the secrets that the topology names, where they are missing. Run at every start; changes nothing that is there. */
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
import { tables } from '../topology.ts';

/** Names of what stands in one local stack. */
export const localNames = {
  connectionsTable: 'hawser-connections',
  activityTable: 'hawser-activity',
  vaultKeyId: 'alias/hawser-vault',
  stateSecretId: 'hawser/state',
  sessionKeySecretId: 'hawser/session-key',
} as const;

const tableNames = { connections: localNames.connectionsTable, activity: localNames.activityTable } as const;

export async function provision(clients: {
  readonly dynamoDb: DynamoDBClient;
  readonly kms: KMSClient;
}): Promise<void> {
  await Promise.all([
    createTable(clients.dynamoDb, 'connections'),
    createTable(clients.dynamoDb, 'activity'),
    createVaultKey(clients.kms),
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
