/**
 * The local AWS in a process of its own, with what webhooks need: queues, tables, two apps and connected accounts. It
 * answers over TLS, as AWS does; asked to, it hands out what lies in a queue, or throws it away.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  DeleteMessageBatchCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { startLocalAws } from '../../infra/local/aws/local-aws.ts';
import { grantsOf } from '../../infra/local/stack/function-grants.ts';
import { localNames, localQueueUrls, provision } from '../../infra/local/stack/provision.ts';
import { appSecretPrefix, queueNames } from '../../infra/topology.ts';
import { createSecretStore } from '../../lib/admin/secret-store.ts';
import { createConnectionStore } from '../../lib/connections/connection-store.ts';
import { openTable } from '../../lib/table/table.ts';
import { answerParent } from './child.ts';
import { selfSigned } from './self-signed.ts';
import { startTlsFront } from './tls-front.ts';
import { accounts, apps, connectionOf } from './webhook-population.ts';

const question = z.discriminatedUnion('about', [
  z.object({ about: z.literal('place') }),
  z.object({ about: z.literal('calls') }),
  z.object({ about: z.literal('take'), queue: z.enum(['incoming', 'events']) }),
  z.object({ about: z.literal('purge') }),
]);
const now = () => Date.now();

const aws = await startLocalAws({ grantsOf: (accessKeyId) => grantsOf(accessKeyId), now });
const settings = {
  endpoint: aws.endpoints.dynamodb,
  region: aws.region,
  credentials: { accessKeyId: 'OPERATOR', secretAccessKey: 's4ndb0x' },
};
const dynamoDb = new DynamoDBClient(settings);
const sqs = new SQSClient({ ...settings, useQueueUrlAsEndpoint: false });
await provision({ dynamoDb, kms: new KMSClient(settings), sqs });
const secrets = createSecretStore(new SecretsManagerClient(settings));
for (const app of Object.values(apps)) {
  const { provider, clientId, clientSecret } = app;
  await secrets.write(`${appSecretPrefix}${provider}`, { provider, clientId, clientSecret });
}
const connections = createConnectionStore(openTable(dynamoDb, localNames.connectionsTable));
for (const account of accounts) await connections.create(connectionOf(account, now()));
const identity = selfSigned(now());
const url = await startTlsFront(new URL(aws.endpoints.dynamodb), identity);
const urls = localQueueUrls(url);

answerParent(async (asked) => {
  const wanted = question.parse(asked);
  switch (wanted.about) {
    case 'place':
      return { url, certificate: identity.certificate, region: aws.region, queueUrls: urls };
    case 'calls': {
      const calls = aws.calls().filter(({ principal }) => principal !== 'OPERATOR');
      aws.resetCalls();
      return { calls };
    }
    case 'take':
      return { bodies: await take(urls[wanted.queue].queue) };
    case 'purge':
      for (const name of queueNames) await sqs.send(new PurgeQueueCommand({ QueueUrl: urls[name].queue }));
      return {};
  }
});

/** Everything that lies in a queue; then nothing does. */
async function take(QueueUrl: string): Promise<readonly string[]> {
  const bodies: string[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
    );
    if (Messages.length === 0) return bodies;
    bodies.push(...Messages.map(({ Body = '' }) => Body));
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  }
}
