/**
 * The AWS clients, each made once per function instance, with time-outs short enough that a hanging call
 * fails inside the function's own time-out. Region, credentials and endpoints come from the AWS environment.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';

/**
 * Connect within 1 s and answer within 3 s: twice the slowest healthy answer, three attempts well under 15 s. The steps
 * of a call are put in order once, not at each call; nobody changes them after the first.
 */
export const transport = {
  cacheMiddleware: true,
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
} as const;

export const createDynamoDb = () => unlogged(new DynamoDBClient(transport));
export const createKms = () => unlogged(new KMSClient(transport));
export const createSecretsManager = () => unlogged(new SecretsManagerClient(transport));
/**
 * Queues are addressed at the service's endpoint, wherever their URL points: it only names them. What arrives is what
 * was sent because of TLS; to check the MD5 of each message besides would cost a twentieth of what sending ten does.
 */
export const createSqs = () =>
  unlogged(new SQSClient({ ...transport, useQueueUrlAsEndpoint: false, md5: false }));

/**
 * The SDK prepares every input and output for a log, also where there is none: a twentieth of what a read costs.
 * Without that step no setting can make it log a secret, either.
 */
export function unlogged<Client extends { readonly middlewareStack: { remove(name: string): boolean } }>(
  client: Client,
): Client {
  client.middlewareStack.remove('loggerMiddleware');
  return client;
}
