/** What the tests of the local AWS share: a stack that closes with its test, and the real SDK clients against it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { onTestFinished } from 'vitest';
import type { Grant } from '../../../../infra/local/aws/front/access-grants.ts';
import { type LocalAws, type LocalAwsOptions, startLocalAws } from '../../../../infra/local/aws/local-aws.ts';

/** The caller who may do everything. */
export const operator = 'operator';

export async function startAws(options: Partial<LocalAwsOptions> = {}): Promise<LocalAws> {
  const aws = await startLocalAws({ grantsOf: () => undefined, now: Date.now, ...options });
  onTestFinished(() => aws.close());
  return aws;
}

/** The SDK's clients for one caller. They try once, so that a fault shows. */
export function clientsOf(aws: LocalAws, accessKeyId = operator) {
  const shared = {
    region: aws.region,
    credentials: { accessKeyId, secretAccessKey: 's4ndb0x-never-sent' },
    maxAttempts: 1,
  };
  const clients = {
    dynamodb: new DynamoDBClient({ ...shared, endpoint: aws.endpoints.dynamodb }),
    sqs: new SQSClient({ ...shared, endpoint: aws.endpoints.sqs, useQueueUrlAsEndpoint: false }),
    kms: new KMSClient({ ...shared, endpoint: aws.endpoints.kms }),
    secrets: new SecretsManagerClient({ ...shared, endpoint: aws.endpoints.secretsmanager }),
  };
  onTestFinished(() => {
    for (const client of Object.values(clients)) client.destroy();
  });
  return clients;
}

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hawser-aws-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The exception that a call ends with. */
export async function failureOf(
  call: Promise<unknown>,
): Promise<Error & { readonly $metadata?: { httpStatusCode?: number } }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('The call was expected to fail with an error.');
}

/** The value, which the test knows to be there. */
export function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('A value was expected here.');
  return value;
}

/** A stack with one function, `complete`, of these grants, and the clients of the operator and of the function. */
export async function stackWith(grants: readonly Grant[]) {
  const grantsOf = (id: string) => (id === operator ? undefined : id === 'complete' ? grants : []);
  const aws = await startAws({ grantsOf });
  return { aws, owner: clientsOf(aws), fn: clientsOf(aws, 'complete') };
}

/** How a call of a function ends: `granted`, or the name of the exception. */
export async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'granted';
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}
