/** One table and one KMS on loopback, and any number of vaults that use them, each like a separate function instance. */
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import type { Grant } from '../../infra/local/aws/front/access-grants.ts';
import type { Intercept } from '../../infra/local/aws/front/front.ts';
import { startLocalAws } from '../../infra/local/aws/local-aws.ts';
import { steadyClock } from '../../lib/cache.ts';
import type { ProviderId, TenantId } from '../../lib/ids.ts';
import { openTable } from '../../lib/table/table.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import type { SealContext } from '../../lib/vault/seal-context.ts';
import type { VaultDeps } from '../../lib/vault/vault.ts';

export const acme = 'acme' as TenantId;
export const globex = 'globex' as TenantId;
export const token = new Secret('s4ndb0x-access-token');
export const sealContext: SealContext = {
  tenantId: acme,
  kind: 'connection',
  recordId: 'con_1',
  field: 'accessToken',
  provider: 'tiktok' as ProviderId,
  account: '42',
};

const tableName = 'Connections';

export async function startVaultAws() {
  const clock = { now: Date.UTC(2026, 0, 1) };
  const grants = new Map<string, readonly Grant[]>();
  let intercept: Intercept | undefined;
  const aws = await startLocalAws({
    grantsOf: (accessKeyId) => grants.get(accessKeyId),
    now: () => clock.now,
    intercept: (call) => intercept?.(call),
  });
  const clients: { destroy(): void }[] = [];
  const keep = <Client extends { destroy(): void }>(client: Client) => {
    clients.push(client);
    return client;
  };
  const settings = (name: string) => ({
    region: aws.region,
    credentials: { accessKeyId: name, secretAccessKey: 's4ndb0x' },
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
  });
  const operator = settings('OPERATOR');
  const dynamodb = keep(new DynamoDBClient({ ...operator, endpoint: aws.endpoints.dynamodb }));
  const kms = keep(new KMSClient({ ...operator, endpoint: aws.endpoints.kms }));
  const attribute = (name: string) => ({ AttributeName: name, AttributeType: 'S' as const });
  await dynamodb.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [attribute('pk'), attribute('sk')],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );

  async function createKmsKey(): Promise<string> {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    if (KeyMetadata?.Arn === undefined) throw new Error('KMS made no key.');
    return KeyMetadata.Arn;
  }
  const keyId = await createKmsKey();
  aws.resetCalls();

  return {
    clock,
    kms,
    keyId,
    createKmsKey,
    table: openTable(dynamodb, tableName),
    /** The dependencies of an instance's vault; the local AWS counts its calls under its name. */
    instance(name: string): VaultDeps & { readonly kms: KMSClient } {
      return {
        kms: keep(new KMSClient({ ...settings(name), endpoint: aws.endpoints.kms })),
        table: openTable(
          keep(new DynamoDBClient({ ...settings(name), endpoint: aws.endpoints.dynamodb })),
          tableName,
        ),
        keyId,
        now: () => clock.now,
        monotonic: steadyClock(() => clock.now),
      };
    },
    /** A KMS client with this time-out in milliseconds and no retries. */
    impatientKms: (milliseconds: number) =>
      keep(
        new KMSClient({
          ...settings('IMPATIENT'),
          endpoint: aws.endpoints.kms,
          maxAttempts: 1,
          requestHandler: { requestTimeout: milliseconds, throwOnRequestTimeout: true },
        }),
      ),
    grant(name: string, rows: readonly Grant[]) {
      grants.set(name, rows);
    },
    interceptWith(fault: Intercept | undefined) {
      intercept = fault;
    },
    /** Number of calls of one action since the last reset, by one instance or by all. */
    calls(action: string, name?: string): number {
      return aws
        .calls()
        .filter((call) => call.action === action && (name === undefined || call.principal === name))
        .reduce((sum, call) => sum + call.count, 0);
    },
    allCalls: () => aws.calls().reduce((sum, call) => sum + call.count, 0),
    resetCalls: aws.resetCalls,
    async close() {
      for (const client of clients) client.destroy();
      await aws.close();
    },
  };
}

export type VaultAws = Awaited<ReturnType<typeof startVaultAws>>;

/** A gate at which a stalled writer waits until the test releases it. */
export function gate() {
  const opened = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  return {
    /** Resolves once a writer waits at the gate. */
    reached: reached.promise,
    open: opened.resolve,
    async wait() {
      reached.resolve();
      await opened.promise;
    },
  };
}
