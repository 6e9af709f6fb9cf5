/**
 * The local AWS and a platform in a process of their own, so that what they cost is not counted with a worker's. Both
 * are spoken to over TLS, as in life. Asked for work, it makes connections that are due and answers messages for them.
 */
import { createServer } from 'node:http';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { listenOnLoopback } from '../../infra/local/aws/front/listen.ts';
import { startLocalAws } from '../../infra/local/aws/local-aws.ts';
import { grantsOf } from '../../infra/local/stack/function-grants.ts';
import { localNames, localQueueName, provision } from '../../infra/local/stack/provision.ts';
import { appSecretPrefix } from '../../infra/topology.ts';
import { createConnectionStore } from '../../lib/connections/connection-store.ts';
import type { AppId, TenantId } from '../../lib/ids.ts';
import { createProviderAppStore } from '../../lib/provider-apps/provider-app.ts';
import { openTable } from '../../lib/table/table.ts';
import { openVault } from '../../lib/vault/vault.ts';
import { consentProvider } from '../support/providers.ts';
import { answerParent } from './child.ts';
import { openPlatforms } from './refresh-platforms.ts';
import { connectionOf } from './refresh-population.ts';
import { selfSigned } from './self-signed.ts';
import { startTlsFront } from './tls-front.ts';

const question = z.union([
  z.object({ about: z.literal('place') }),
  z.object({ about: z.literal('calls') }),
  z.object({ about: z.literal('work'), messages: z.number() }),
]);
const now = () => Date.now();
const tenantId = 'bench' as TenantId;
const providerId = 'tiktok';
const lifetimeSeconds = 86_400;
const app = { clientId: 'hawser', clientSecret: 's4ndb0x-client-secret' };

const aws = await startLocalAws({ grantsOf: (accessKeyId) => grantsOf(accessKeyId), now });
const settings = {
  endpoint: aws.endpoints.dynamodb,
  region: aws.region,
  credentials: { accessKeyId: 'OPERATOR', secretAccessKey: 's4ndb0x' },
};
const clients = {
  dynamoDb: new DynamoDBClient(settings),
  kms: new KMSClient(settings),
  sqs: new SQSClient({ ...settings, useQueueUrlAsEndpoint: false }),
};
await provision(clients);
const secretId = `${appSecretPrefix}${providerId}`;
await new SecretsManagerClient(settings).send(
  new CreateSecretCommand({ Name: secretId, SecretString: JSON.stringify(app) }),
);
const table = openTable(clients.dynamoDb, localNames.connectionsTable);
const connections = createConnectionStore(table);
const provider = consentProvider(providerId);
const { clientId } = app;
await createProviderAppStore(table).update(providerId as AppId, () => ({
  appId: providerId as AppId,
  provider: provider.id,
  clientId,
  secretId,
  settings: {},
}));
const vault = openVault({ kms: clients.kms, table, keyId: localNames.vaultKeyId, now, monotonic: now });
const platforms = openPlatforms({ now, sleep: async () => undefined, latency: () => 0 });
const identity = selfSigned(now());
const url = await startTlsFront(new URL(aws.endpoints.dynamodb), identity);
const platformUrl = await startTlsFront(new URL(await startPlatform()), identity);
const queueUrl = (name: 'events' | 'rescue') => `${url}/${aws.accountId}/${localQueueName(name)}`;
let accounts = 0;

answerParent(async (asked) => {
  const wanted = question.parse(asked);
  switch (wanted.about) {
    case 'place':
      return {
        url,
        platformUrl,
        certificate: identity.certificate,
        region: aws.region,
        eventsQueueUrl: queueUrl('events'),
        rescueQueueUrl: queueUrl('rescue'),
      };
    case 'calls': {
      const calls = aws.calls();
      aws.resetCalls();
      return { calls: calls.filter(({ principal }) => principal !== 'OPERATOR') };
    }
    case 'work': {
      const messages: unknown[] = [];
      const sealer = await vault.sealerFor(tenantId);
      for (let made = 0; made < wanted.messages; made += 1) {
        accounts += 1;
        const person = { account: accounts, tenantId, provider, lifetimeSeconds, use: 'steady' } as const;
        const made = connectionOf(person, { platforms, sealer, now: now(), random: Math.random });
        const connection = { ...made, dueAt: now() - 1_000 };
        await connections.create(connection);
        messages.push({
          kind: 'connection_due',
          tenantId,
          provider: provider.id,
          accountId: connection.accountId,
        });
      }
      return { messages };
    }
  }
});

/** Answers each request as its made-up platform does. */
async function startPlatform(): Promise<string> {
  const ask = platforms.http('worker');
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    const answer = await ask({ url: `https://platform.example${incoming.url}`, method: 'POST', body });
    if (answer.kind !== 'answered') throw new Error('The platform of the bench has no outages.');
    outgoing.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  });
  server.keepAliveTimeout = 0;
  return `http://127.0.0.1:${await listenOnLoopback(server, 0)}`;
}
