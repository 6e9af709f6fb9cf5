/**
 * The whole webhook pipeline under every simulated fault: the TikTok sandbox sends over HTTP, twice and
 * out of order; receivers and workers die anywhere; SQS redelivers; DynamoDB throttles; responses get lost; tenants'
 * endpoints fail.
 */
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { Intercept } from '../../infra/local/aws/front/front.ts';
import { startLocalAws } from '../../infra/local/aws/local-aws.ts';
import { startGateway } from '../../infra/local/gateway/gateway.ts';
import { startTikTok } from '../../infra/local/platforms/tiktok/tiktok.ts';
import { grantsOf } from '../../infra/local/stack/function-grants.ts';
import { deadLetterName, localNames, provision } from '../../infra/local/stack/provision.ts';
import { appSecretPrefix, cors, routes } from '../../infra/topology.ts';
import { createSecretStore } from '../../lib/admin/secret-store.ts';
import { openQueue } from '../../lib/aws/queue.ts';
import { createConnectionStore } from '../../lib/connections/connection-store.ts';
import { destinationSealContext } from '../../lib/deliveries/deliver-https.ts';
import type { EventMessage } from '../../lib/messages/events.ts';
import { resourceWatermarkKey } from '../../lib/table/keys.ts';
import { openTable } from '../../lib/table/table.ts';
import { createDestinationStore, newDestinationId } from '../../lib/tenants/destination.ts';
import { openVault } from '../../lib/vault/vault.ts';
import { seededRandom } from '../bench/refresh-seeded-random.ts';
import { context as lambdaContext } from '../support/gateway-event.ts';
import {
  type AwsClients,
  type AwsPlace,
  openClients,
  queueUrlOf,
} from '../support/lifecycle/function-instance.ts';
import { moveMessages } from './dead-letters.ts';
import { openInstances } from './event-instances.ts';
import { judge, type Observed, publishingsOf, subjectName } from './event-violations.ts';
import { eventQueues, openEventWorkers } from './event-workers.ts';
import { appId, type Population, populate, tenantIds } from './population.ts';
import { openTenantEndpoints, type TenantEndpoints } from './tenant-endpoints.ts';
import type { Effects } from './unreliable-aws.ts';
import { loadWebhookFunction } from './webhook-function.ts';

export interface ExactlyOnceOptions {
  readonly seed: number;
  readonly events: number;
  readonly workers: number;
}

const client = {
  clientId: 'hawser-tiktok',
  clientSecret: 's4ndb0x-client-secret',
  redirectUris: ['http://localhost:8787/integrations/callback/tiktok'],
};
const rates = {
  duplicates: 0.2,
  outOfOrder: 0.1,
  throttledCalls: 0.01,
  lostAnswers: 0.003,
  refusedBySqs: 0.01,
  endpointFailures: 0.1,
  deathsBeforeTaking: 0.02,
  deathsAfterTaking: 0.02,
};
const accidents = { deaths: 0.08, deathsAfterEffect: 0.12, twice: 0.15, undeleted: 0.02 };
/** Longer than a message stays invisible after its worker died. */
const roundMilliseconds = 400_000;
const mostRounds = 60;

/** Returns the observations, the violations among them, and the lines of a report. */
export async function runExactlyOnce({ seed, events: count, workers }: ExactlyOnceOptions) {
  const random = seededRandom(seed);
  const began = performance.now();
  let skew = 0;
  const now = () => Date.now() + skew;
  const injected = { throttled: 0, refusedBySqs: 0, deaths: 0 };
  await using deps = new AsyncDisposableStack();

  const intercept: Intercept = ({ principal, action }) => {
    if (!principal.startsWith('LOCAL-')) return undefined;
    if (action.startsWith('dynamodb:') && random() < rates.throttledCalls) {
      injected.throttled += 1;
      return { error: 'ProvisionedThroughputExceededException', status: 400 };
    }
    if (action === 'sqs:SendMessageBatch' && random() < rates.refusedBySqs) {
      injected.refusedBySqs += 1;
      return { error: 'ServiceUnavailable', status: 503 };
    }
    return undefined;
  };
  const aws = deps.adopt(await startLocalAws({ grantsOf, now: Date.now, intercept }), (one) => one.close());
  const place: AwsPlace = {
    endpoint: aws.endpoints.dynamodb,
    region: aws.region,
    accountId: aws.accountId,
  };
  const clients = openClients(place, 3);
  deps.defer(() => {
    for (const one of Object.values(clients)) one.destroy();
  });
  await provision(clients);
  const connections = createConnectionStore(openTable(clients.dynamoDb, localNames.connectionsTable));
  const endpoints = deps.adopt(
    await openTenantEndpoints({ tenantIds, now, random, failures: rates.endpointFailures }),
    (one) => one.close(),
  );
  await addDestinations(clients, endpoints);
  const population = populate(count, Date.now());
  for (const connection of population.connections) await connections.create(connection);

  await createSecretStore(clients.secrets).write(`${appSecretPrefix}${appId}`, {
    provider: 'tiktok',
    clientId: client.clientId,
    clientSecret: client.clientSecret,
  });
  const handler = await loadWebhookFunction(place);
  const death = () => {
    injected.deaths += 1;
    return new Error('Runtime exited.');
  };
  /** Dies before or after SQS has the events, without a response; the platform retries either way. */
  const mortal: typeof handler = async (event, context) => {
    const fate = random();
    if (fate < rates.deathsBeforeTaking) throw death();
    const answer = await handler(event, context);
    if (fate < rates.deathsBeforeTaking + rates.deathsAfterTaking) throw death();
    return answer;
  };
  const gateway = deps.adopt(
    await startGateway({
      routes: routes.filter(({ functionName }) => functionName === 'webhook'),
      cors,
      host: 'localhost',
      port: 0,
      invoke: (_name, event) => mortal(event, lambdaContext),
      now: Date.now,
    }),
    (one) => one.close(),
  );
  const platform = deps.adopt(await startTikTok({ clients: [client], now: Date.now, random }), (one) =>
    one.close(),
  );

  const effects: Effects = { deauthorizations: [], advances: [], answersLost: 0 };
  const instances = openInstances({
    place,
    effects,
    lostAnswers: rates.lostAnswers,
    random,
    now,
    insecureOrigins: [endpoints.origin],
  });
  deps.defer(() => instances.close());
  const team = openEventWorkers({
    place,
    sqs: clients.sqs,
    workers,
    accidents,
    random,
    newInstance: (queue) => instances.newInstance(queue),
  });

  platform.control({
    command: 'webhook',
    url: `${gateway.url}/integrations/webhook/${appId}`,
    duplicates: rates.duplicates,
    outOfOrder: rates.outOfOrder,
    hourMilliseconds: 100,
  });
  platform.control({
    command: 'send_webhook',
    events: population.events.map(({ account, event, content, occurredAt }) => ({
      account,
      event,
      occurredAt,
      ...(content && { content }),
    })),
  });
  let sending = true;
  const sent = platform.webhooks?.settled().then(() => {
    sending = false;
  });
  let rounds = 0;
  let replayed = 0;
  let connected = false;
  for (let quiet = false; !quiet && rounds < mostRounds; rounds += 1) {
    const atRest = !sending;
    const received = await team.round();
    skew += roundMilliseconds;
    if (!atRest) continue;
    if (!connected) {
      // Their events have arrived and found no connection.
      for (const connection of population.late) await connections.create(connection);
      await tellOf(clients, place, population.late);
      connected = true;
      continue;
    }
    if (received > 0) continue;
    if (await anyDelayed(clients, place)) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      continue;
    }
    const moved = await replayDeadLetters(clients, place);
    replayed += moved;
    quiet = moved === 0;
  }
  await sent;

  const observed: Observed = {
    population,
    effects,
    told: endpoints.accepted,
    wrong: endpoints.wrong,
    connections: await Promise.all(
      [...population.connections, ...population.late].map(
        async (one) => (await connections.get(one.tenantId, one.provider, one.accountId)) ?? one,
      ),
    ),
    subjects: await subjectsOf(clients, population),
  };
  const delivered = platform.webhooks?.report();
  const report = {
    seed: seed,
    events: count,
    'deliveries by the platform, copies included': delivered?.deliveries,
    'requests for them, retries included': delivered?.requests,
    'receivers that died': injected.deaths,
    'rounds of the workers': rounds,
    'messages received from SQS': team.counts.messages,
    'batches at two workers at once': team.counts.twice,
    'batches that came again although done': team.counts.undeleted,
    'workers killed': team.counts.deaths,
    '… between an effect and done': team.counts.deathsBetween,
    'messages given back': team.counts.failed,
    'DynamoDB calls throttled': injected.throttled,
    'SQS calls refused': injected.refusedBySqs,
    'answers of AWS lost': effects.answersLost,
    "refusals of tenants' endpoints": endpoints.refused(),
    'dead letters put back': replayed,
    'connections that lost their grant': effects.deauthorizations.length,
    'subjects moved on': effects.advances.length,
    'events at tenants': new Set(endpoints.accepted.map(({ id }) => id)).size,
    '… deliveries of them': endpoints.accepted.length,
    seconds: Math.round((performance.now() - began) / 1000),
  };
  return { observed, report, violations: judge(observed), accepted: delivered };
}

async function addDestinations(clients: AwsClients, endpoints: TenantEndpoints): Promise<void> {
  const table = openTable(clients.dynamoDb, localNames.connectionsTable);
  const vault = openVault({
    kms: clients.kms,
    table,
    keyId: localNames.vaultKeyId,
    kmsKeyOf: async () => undefined,
    purpose: 'destinations',
    now: Date.now,
    monotonic: () => performance.now(),
  });
  for (const tenantId of tenantIds) {
    const id = newDestinationId();
    const secret = await vault.encryptToken(
      endpoints.secretOf(tenantId),
      destinationSealContext(tenantId, id),
    );
    await createDestinationStore(table).update(tenantId, () => [
      { id, kind: 'https', url: endpoints.urlOf(tenantId), status: 'active', secret, createdAt: Date.now() },
    ]);
  }
}

async function subjectsOf({ dynamoDb }: AwsClients, population: Population): Promise<Observed['subjects']> {
  const activity = openTable(dynamoDb, localNames.activityTable);
  const known = publishingsOf(population).map(async ({ event, connection }) => {
    const item = await activity.get(resourceWatermarkKey(connection.id, `publish ${event.publishId}`));
    const occurredAt = item && Number(item['occurredAt']);
    return [subjectName(connection.id, event.publishId), occurredAt] as const;
  });
  return new Map(await Promise.all(known));
}

/** The event that the product itself publishes about a new connection. */
async function tellOf(
  { sqs }: AwsClients,
  place: AwsPlace,
  made: Observed['population']['late'],
): Promise<void> {
  await openQueue<EventMessage>(sqs, queueUrlOf(place, 'events')).sendAll(
    made.map(({ id, tenantId, provider, accountId, userId }) => ({
      group: tenantId,
      body: {
        kind: 'connection_event',
        event: {
          id: `evt_${id}`,
          type: 'connection.created',
          occurredAt: new Date().toISOString(),
          tenantId,
          connectionId: id,
          provider,
          accountId,
          userId,
          data: { status: 'active' },
        },
      },
    })),
  );
}

/** Whether a delivery is waiting for its next try. */
async function anyDelayed({ sqs }: AwsClients, place: AwsPlace): Promise<boolean> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrlOf(place, 'deliveries'),
      AttributeNames: ['ApproximateNumberOfMessagesDelayed'],
    }),
  );
  return Attributes?.ApproximateNumberOfMessagesDelayed !== '0';
}

/** Redrives the dead letters, as an operator does once the trouble is over. Returns their number. */
async function replayDeadLetters({ sqs }: AwsClients, place: AwsPlace): Promise<number> {
  let moved = 0;
  for (const queue of eventQueues) {
    const from = `${place.endpoint}/${place.accountId}/${deadLetterName(queue)}`;
    moved += await moveMessages(sqs, from, queueUrlOf(place, queue));
  }
  return moved;
}
