/** A probe for each permission of the functions that receive platforms' callbacks and list failures. */
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { localQueueUrls } from '../../infra/local/stack/provision.ts';
import type { FiledQueue } from '../../lib/vocabulary.ts';
import { eventually } from '../support/eventually.ts';
import { exchange } from '../support/stack/http-exchange.ts';
import type { TestTenant } from '../support/stack/test-stack.ts';
import { signedRequest } from '../support/webhook-fixture.ts';
import { outcomeOf } from './flow-permissions.ts';
import type { Probe, ProbeFixture } from './withheld-permissions.ts';

const databaseError = 'DATABASE_ERROR';
const processingFailed = 'PROCESSING_FAILED';

/** A callback to an app whose secret no function has cached. */
const callback =
  (kind: 'deauthorize' | 'data-deletion'): Probe['prepare'] =>
  async (kit) => {
    const tenant = await kit.newTenant();
    const clientSecret = `s4ndb0x-meta-${tenant.id}`;
    const { appId } = await kit.stack.local.operator.setApp({
      provider: 'instagram',
      tenantId: tenant.id,
      settings: {},
      clientId: `meta-${tenant.id}`,
      clientSecret,
    });
    const text = signedRequest(clientSecret, '42', Date.now());
    return async () =>
      outcomeOf(
        await exchange(kit.stack.apiUrl, {
          method: 'POST',
          target: `/integrations/${kind}/${appId}`,
          headers: [['content-type', 'application/x-www-form-urlencoded']],
          body: new URLSearchParams({ signed_request: text }).toString(),
        }),
      );
  };

const statusPage: Probe['prepare'] = async ({ stack }) => {
  const target = `/integrations/data-deletion/instagram?code=${'0'.repeat(32)}`;
  return async () => outcomeOf(await exchange(stack.apiUrl, { method: 'GET', target }));
};

/** The API's view of a failure of a tenant whose key no function has cached. */
const onFailure =
  (name: 'listFailures' | 'getFailure' | 'replayFailure', queue: FiledQueue = 'incoming'): Probe['prepare'] =>
  async (kit) => {
    const tenant = await kit.newTenant();
    const id = await fail(kit, tenant, queue);
    const params = name === 'listFailures' ? {} : { id };
    return async () => outcomeOf(await tenant.client.send(name, { params }));
  };

/** Makes a message of the tenant fail and waits until it is filed. */
async function fail({ stack }: ProbeFixture, { id: tenantId }: TestTenant, queue: FiledQueue) {
  const { endpoints, aws } = stack.local;
  const credentials = { accessKeyId: 'operator', secretAccessKey: 'local' };
  const sqs = new SQSClient({ endpoint: endpoints.sqs, region: aws.region, credentials });
  const [occurredAt, names] = [new Date().toISOString(), { connectionId: 'con_1', userId: 'ada' }];
  const event = {
    id: 'evt_1',
    type: 'a',
    tenantId,
    occurredAt,
    receivedAt: occurredAt,
    provider: 'tiktok',
    accountId: 'nobody',
    ...names,
    superseded: false,
    data: {},
  };
  const bodies = {
    incoming: { kind: 'connected', tenantId, provider: 'tiktok', accountId: 'nobody' },
    events: { kind: 'platform_event', event },
    deliveries: { kind: 'delivery', destinationId: 'nowhere', tenantId, event },
  };
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: localQueueUrls(endpoints.sqs)[queue].deadLetters,
      MessageBody: JSON.stringify(bodies[queue]),
    }),
  );
  sqs.destroy();
  return eventually(async () => {
    const items = await stack.tables.scan('activity');
    return items.find((item) => item['pk']?.S === `failures#tenant#${tenantId}`)?.['id']?.S;
  });
}

export const callbackProbes: Readonly<Record<string, Probe>> = {
  'platform-callback secretsmanager:GetSecretValue appSecrets': {
    prepare: callback('deauthorize'),
    outcome: 'VAULT_ERROR',
  },
  'platform-callback sqs:SendMessage incoming': {
    prepare: callback('deauthorize'),
    outcome: processingFailed,
  },
  'platform-callback dynamodb:PutItem activity': {
    prepare: callback('data-deletion'),
    outcome: databaseError,
  },
  'data-deletion-status dynamodb:GetItem activity': { prepare: statusPage, outcome: '503' },
  'failures dynamodb:GetItem connections': { prepare: onFailure('listFailures'), outcome: databaseError },
  'failures dynamodb:Query activity': { prepare: onFailure('listFailures'), outcome: databaseError },
  'failures dynamodb:GetItem activity': { prepare: onFailure('getFailure'), outcome: databaseError },
  'replay-failure dynamodb:GetItem connections': {
    prepare: onFailure('replayFailure'),
    outcome: databaseError,
  },
  'replay-failure dynamodb:GetItem activity': {
    prepare: onFailure('replayFailure'),
    outcome: databaseError,
  },
  'replay-failure dynamodb:UpdateItem activity': {
    prepare: onFailure('replayFailure'),
    outcome: databaseError,
  },
  'replay-failure sqs:SendMessage incoming': {
    prepare: onFailure('replayFailure'),
    outcome: processingFailed,
  },
  'replay-failure sqs:SendMessage events': {
    prepare: onFailure('replayFailure', 'events'),
    outcome: processingFailed,
  },
  'replay-failure sqs:SendMessage deliveries': {
    prepare: onFailure('replayFailure', 'deliveries'),
    outcome: processingFailed,
  },
};
