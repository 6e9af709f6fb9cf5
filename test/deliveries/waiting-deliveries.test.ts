/** Waiting and abandoned deliveries on the whole stack: what SQS counts of them, and what Hawser files as failures. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, expect } from 'vitest';
import { localNames, localQueueUrls } from '../../infra/local/stack/provision.ts';
import type { TenantId } from '../../lib/ids.ts';
import type { DeliveryWait } from '../../lib/messages/deliveries.ts';
import { openTable } from '../../lib/table/table.ts';
import { createDestinationStore } from '../../lib/tenants/destination.ts';
import { eventOf } from '../support/deliveries/delivery-fixture.ts';
import { type Endpoint, openEndpoint } from '../support/deliveries/endpoint.ts';
import { eventually } from '../support/eventually.ts';
import type { StackFixtures } from '../support/fixtures/stack.ts';
import { it } from '../support/fixtures/stack.ts';
import type { Success } from '../support/stack/api-client.ts';
import type { TestStack, TestTenant } from '../support/stack/test-stack.ts';

const day = 86_400_000;
const credentials = { accessKeyId: 'operator', secretAccessKey: 's4ndb0x-never-sent' };

let endpoint: Endpoint;

let destinationId: string;
let sqs: SQSClient;
let dynamoDb: DynamoDBClient;

it.beforeAll(async ({ stack }) => {
  const { aws, endpoints } = stack.local;
  sqs = new SQSClient({ region: aws.region, credentials, endpoint: endpoints.sqs });
  dynamoDb = new DynamoDBClient({ region: aws.region, credentials, endpoint: endpoints.dynamodb });
  endpoint = await openEndpoint();
  stack.local.insecureOrigins.push(endpoint.origin);
});
it.beforeEach(async ({ stack, tenant }) => {
  const made = await stack.local.operator.addDestination(tenant.id, { url: endpoint.url });
  destinationId = made.destination.id;
  endpoint.arrived.length = 0;
});
afterAll(() => {
  for (const client of [sqs, dynamoDb]) client.destroy();
  endpoint.close();
});

/** Queues an event for delivery to the destination. */
async function send({ stack, tenant }: StackFixtures, id: string, waiting?: DeliveryWait): Promise<void> {
  const tenantId = tenant.id as TenantId;
  const body = {
    kind: 'delivery',
    tenantId,
    destinationId,
    event: eventOf(tenantId, { id }),
    ...(waiting && { waiting }),
  };
  const { queue } = localQueueUrls(stack.local.endpoints.sqs).deliveries;
  await sqs.send(
    new SendMessageCommand({ QueueUrl: queue, MessageBody: JSON.stringify(body), MessageGroupId: tenantId }),
  );
}

/** SQS's counts of delivery messages: visible, in flight, and delayed. */
async function counted(stack: TestStack): Promise<readonly number[]> {
  const names = [
    'ApproximateNumberOfMessages',
    'ApproximateNumberOfMessagesNotVisible',
    'ApproximateNumberOfMessagesDelayed',
  ] as const;
  const { queue } = localQueueUrls(stack.local.endpoints.sqs).deliveries;
  const asked = new GetQueueAttributesCommand({ QueueUrl: queue, AttributeNames: [...names] });
  const { Attributes } = await sqs.send(asked);
  return names.map((name) => Number(Attributes?.[name]));
}

async function filed(tenant: TestTenant): Promise<Success<'getFailure'>['failure']> {
  return eventually(async () => (await tenant.client.ok('listFailures')).failures[0]);
}

it('a delivery keeps no message in flight while it waits for an endpoint that is down', async ({
  stack,
  tenant,
}) => {
  endpoint.answerWith(503);
  endpoint.askFor('3600');
  const ids = ['evt_a', 'evt_b', 'evt_c'];

  for (const id of ids) await send({ stack, tenant }, id);
  await eventually(() => endpoint.arrived[ids.length - 1]);
  const counts = await eventually(async () => {
    const [waiting, inFlight, delayed] = await counted(stack);
    return waiting === 0 && inFlight === 0 && delayed === ids.length ? [inFlight, delayed] : undefined;
  });

  expect(counts).toEqual([0, 3]);
  expect(endpoint.arrived.length).toBe(3);
});

it('a delivery is filed as a failure after its last attempt, with its attempts and first send time', async ({
  stack,
  tenant,
}) => {
  endpoint.answerWith(503);
  const sentAt = Date.now() - 3 * day;

  await send({ stack, tenant }, 'evt_last', { tries: 18, dueAt: Date.now() - 1, sentAt, copies: 0 });
  const failure = await filed(tenant);

  expect(failure).toMatchObject({
    queue: 'deliveries',
    destinationId,
    eventId: 'evt_last',
    error: 'undelivered',
    tries: 19,
    sentAt: new Date(sentAt).toISOString(),
  });
  expect(endpoint.arrived.map(({ event }) => event.id)).toEqual(['evt_last']);
});

it('a delivery to a disabled destination is filed at once and succeeds when replayed after the destination is enabled', async ({
  stack,
  tenant,
}) => {
  endpoint.answerWith(204);
  const destinations = createDestinationStore(openTable(dynamoDb, localNames.connectionsTable));
  await destinations.updateOne(tenant.id as TenantId, destinationId, (one) => ({
    ...one,
    status: 'disabled',
    disabledReason: 'failing',
    disabledAt: Date.now(),
  }));

  await send({ stack, tenant }, 'evt_kept');
  const failure = await filed(tenant);
  const before = endpoint.arrived.length;
  await stack.local.operator.enableDestination(tenant.id, destinationId);
  await tenant.client.ok('replayFailure', { params: { id: failure.id } });
  const arrived = await eventually(() => endpoint.arrived[0]);

  expect(failure).toMatchObject({ eventId: 'evt_kept', tries: 0, status: 'failed' });
  expect(before).toBe(0);
  expect(arrived.headers['webhook-id']).toBe('evt_kept');
  expect(JSON.parse(arrived.body.toString('utf8'))).toEqual(
    JSON.parse(JSON.stringify(eventOf(tenant.id as TenantId, { id: 'evt_kept' }))),
  );
});

it('a delivery that SQS dead-lettered while it waited starts over when it is replayed', async ({
  stack,
  tenant,
}) => {
  endpoint.answerWith(204);
  const tenantId = tenant.id as TenantId;
  const waiting = { tries: 18, dueAt: Date.now() + day / 2, sentAt: Date.now() - 3 * day, copies: 1 };
  const body = {
    kind: 'delivery',
    tenantId,
    destinationId,
    event: eventOf(tenantId, { id: 'evt_died' }),
    waiting,
  };
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: localQueueUrls(stack.local.endpoints.sqs).deliveries.deadLetters,
      MessageBody: JSON.stringify(body),
    }),
  );

  const failure = await filed(tenant);
  await tenant.client.ok('replayFailure', { params: { id: failure.id } });
  const arrived = await eventually(() => endpoint.arrived[0]);

  expect(arrived.headers['webhook-id']).toBe('evt_died');
});

it('an event whose destinations could not be read is filed for its tenant and is delivered when replayed', async ({
  stack,
  tenant,
}) => {
  endpoint.answerWith(204);
  const tenantId = tenant.id as TenantId;
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: localQueueUrls(stack.local.endpoints.sqs).events.deadLetters,
      MessageBody: JSON.stringify({ kind: 'platform_event', event: eventOf(tenantId, { id: 'evt_untold' }) }),
    }),
  );

  const failure = await filed(tenant);
  await tenant.client.ok('replayFailure', { params: { id: failure.id } });
  const arrived = await eventually(() => endpoint.arrived[0]);

  expect(failure).toMatchObject({ queue: 'events', eventId: 'evt_untold', error: 'unpublished' });
  expect(arrived.headers['webhook-id']).toBe('evt_untold');
});
