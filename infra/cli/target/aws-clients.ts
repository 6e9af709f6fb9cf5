/** The operator's AWS clients. Credentials come from the SDK's default chain unless given; every call has a timeout. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';

export interface ClientOptions {
  readonly region: string;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  readonly endpoints?: {
    readonly dynamodb: string;
    readonly kms: string;
    readonly secretsmanager: string;
    readonly sqs: string;
  };
}

/** Connect within 3 s and answer within 10 s, in three attempts. */
const transport = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
} as const;

export function createClients({ region, credentials, endpoints }: ClientOptions) {
  const shared = { ...transport, region, ...(credentials && { credentials }) };
  const at = (endpoint: string | undefined) => (endpoint === undefined ? shared : { ...shared, endpoint });
  const dynamoDb = new DynamoDBClient(at(endpoints?.dynamodb));
  const kms = new KMSClient(at(endpoints?.kms));
  const secrets = new SecretsManagerClient(at(endpoints?.secretsmanager));
  // A queue's URL only names it, as it does for the functions.
  const sqs = new SQSClient({ ...at(endpoints?.sqs), useQueueUrlAsEndpoint: false });
  return {
    dynamoDb,
    kms,
    secrets,
    sqs,
    close() {
      for (const client of [dynamoDb, kms, secrets, sqs]) client.destroy();
    },
  };
}
