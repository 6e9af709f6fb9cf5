/** One tenant with an API key and a connection whose token is good for long, written by the product's own stores. */
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { LocalAws } from '../../infra/local/aws/local-aws.ts';
import { localNames } from '../../infra/local/stack/provision.ts';
import { createApiKeyStore, mintApiKey } from '../../lib/access/api-key.ts';
import type { SealedConnection } from '../../lib/connections/connection.ts';
import { createConnectionStore } from '../../lib/connections/connection-store.ts';
import {
  type AccountId,
  type AppId,
  newConnectionId,
  newGrantId,
  type ProviderId,
  type TenantId,
  type UserId,
} from '../../lib/ids.ts';
import { connectionKey } from '../../lib/table/keys.ts';
import { openTable } from '../../lib/table/table.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import { openVault } from '../../lib/vault/vault.ts';

/** The same read, as the product and as the floor are asked for it. */
export interface Seed {
  /** For the token function: the gateway's event. */
  readonly event: APIGatewayProxyEventV2;
  /** For the floor: table and key of the connection. */
  readonly item: { readonly tableName: string; readonly pk: string; readonly sk: string };
}

const tenantId = 'bench' as TenantId;
const userId = 'user-4711' as UserId;
const provider = 'tiktok' as ProviderId;
const accountId = 'afb8a1c2-7d0e-4f7b-9a52-3c1b6e0d4f11' as AccountId;
const dayMilliseconds = 86_400_000;

export async function seed(aws: LocalAws, now: () => number): Promise<Seed> {
  const shared = {
    region: aws.region,
    credentials: { accessKeyId: 'OPERATOR', secretAccessKey: 's4ndb0x' },
  };
  const dynamoDb = new DynamoDBClient({ ...shared, endpoint: aws.endpoints.dynamodb });
  const kms = new KMSClient({ ...shared, endpoint: aws.endpoints.kms });
  try {
    await createTable(dynamoDb);
    await createVaultKey(kms);
    const table = openTable(dynamoDb, localNames.connectionsTable);
    const apiKey = mintApiKey(tenantId, 'bench', now());
    await createApiKeyStore(table).create(apiKey.key);
    const vault = openVault({
      kms,
      table,
      keyId: localNames.vaultKeyId,
      kmsKeyOf: async () => undefined,
      now,
      monotonic: now,
    });
    await createConnectionStore(table).create(await connection(vault, now()));
    return {
      event: eventOf(apiKey.text, now()),
      item: { tableName: localNames.connectionsTable, ...connectionKey(tenantId, provider, accountId) },
    };
  } finally {
    dynamoDb.destroy();
    kms.destroy();
  }
}

/** A read needs no index. */
async function createTable(client: DynamoDBClient): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: localNames.connectionsTable,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
}

async function createVaultKey(client: KMSClient): Promise<void> {
  const { KeyMetadata } = await client.send(new CreateKeyCommand({}));
  await client.send(
    new CreateAliasCommand({ AliasName: localNames.vaultKeyId, TargetKeyId: KeyMetadata?.KeyId }),
  );
}

/** As TikTok's are: tokens of some hundred characters, a handful of scopes, a profile. */
async function connection(vault: ReturnType<typeof openVault>, now: number): Promise<SealedConnection> {
  const id = newConnectionId();
  const sealed = (field: string) =>
    vault.encryptToken(new Secret(`s4ndb0x.${field}.`.padEnd(200, 'A')), {
      tenantId,
      kind: 'connection',
      recordId: id,
      field,
      provider,
      account: accountId,
    });
  const scopes = ['user.info.basic', 'user.info.profile', 'video.list'];
  return {
    id,
    tenantId,
    userId,
    provider,
    accountId,
    appId: 'tiktok' as AppId,
    grantId: newGrantId(),
    platformUserId: accountId,
    linking: 'confirmed',
    status: 'active',
    generation: 1,
    displayName: 'Mira Lindqvist',
    avatarUrl: 'https://p16-sign.tiktokcdn.example/avatar/mira.jpeg',
    metadata: { username: 'mira.bakes', verified: true },
    requestedScopes: scopes,
    scopes,
    tokenType: 'Bearer',
    obtainedAt: now,
    expiresAt: now + dayMilliseconds,
    refreshExpiresAt: now + 365 * dayMilliseconds,
    refreshable: true,
    connectedAt: now,
    updatedAt: now,
    sealed: { accessToken: await sealed('accessToken'), refreshToken: await sealed('refreshToken') },
  };
}

/** As an HTTP API sends it: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
function eventOf(apiKey: Secret, now: number): APIGatewayProxyEventV2 {
  const routeKey = 'GET /integrations/token/{provider}/{accountId}';
  const path = `/integrations/token/${provider}/${accountId}`;
  const domainName = 'hawser.execute-api.us-east-1.amazonaws.com';
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: `userId=${userId}`,
    queryStringParameters: { userId },
    pathParameters: { provider, accountId },
    headers: {
      accept: 'application/json',
      'accept-encoding': 'gzip, deflate',
      authorization: `Bearer ${apiKey.reveal()}`,
      'content-length': '0',
      host: domainName,
      'user-agent': 'node',
      'x-amzn-trace-id': 'Root=1-691f0000-0123456789abcdef01234567',
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
    },
    requestContext: {
      accountId: '000000000000',
      apiId: 'bench',
      domainName,
      domainPrefix: 'hawser',
      http: { method: 'GET', path, protocol: 'HTTP/1.1', sourceIp: '203.0.113.7', userAgent: 'node' },
      requestId: 'JKJaXmPLvHcESHA=',
      routeKey,
      stage: '$default',
      time: '20/Nov/2026:12:00:00 +0000',
      timeEpoch: now,
    },
    isBase64Encoded: false,
  };
}
