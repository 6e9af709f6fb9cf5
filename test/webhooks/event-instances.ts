/** Function instances that consume the event queues, composed as in production, over unreliable clients. */
import type { SQSEvent } from 'aws-lambda';
import { deadLetterName, localNames } from '../../infra/local/stack/provision.ts';
import { openQueue, type Queue } from '../../lib/aws/queue.ts';
import type { FunctionName } from '../../lib/config.ts';
import { createConnectionStore } from '../../lib/connections/connection-store.ts';
import { createActiveDestinations } from '../../lib/deliveries/active-destinations.ts';
import { deliver } from '../../lib/deliveries/deliver.ts';
import { fanOutEvent } from '../../lib/deliveries/fan-out-event.ts';
import { type DeliveryMessage, deliveryMessage } from '../../lib/messages/deliveries.ts';
import { eventMessage } from '../../lib/messages/events.ts';
import { incomingMessage } from '../../lib/messages/incoming.ts';
import { connectTo, resolveAll } from '../../lib/platform-http/pinned-connection.ts';
import { createPinnedPost } from '../../lib/platform-http/pinned-post.ts';
import { batch } from '../../lib/runtime/batch.ts';
import { openTable } from '../../lib/table/table.ts';
import { createLog } from '../../lib/telemetry/log.ts';
import { createDestinationStore } from '../../lib/tenants/destination.ts';
import { openVault } from '../../lib/vault/vault.ts';
import { createIdempotencyStore } from '../../lib/webhooks/idempotency-store.ts';
import { processEvent, releaseWaitingEvents } from '../../lib/webhooks/process-event.ts';
import { createResourceWatermarks } from '../../lib/webhooks/resource-watermarks.ts';
import { createWaitingEvents } from '../../lib/webhooks/waiting-events.ts';
import { context } from '../support/gateway-event.ts';
import { type AwsPlace, queueUrlOf } from '../support/lifecycle/function-instance.ts';
import type { EventQueue, WorkBatch } from './event-workers.ts';
import { type Effects, openUnreliable } from './unreliable-aws.ts';

export interface InstanceDeps {
  readonly place: AwsPlace;
  readonly effects: Effects;
  readonly lostAnswers: number;
  readonly random: () => number;
  readonly now: () => number;
  /** The origin of the tenants' endpoints. */
  readonly insecureOrigins: readonly string[];
}

type Clients = ReturnType<typeof openUnreliable>;

/** The function that consumes a queue, and how to create an instance of it over its clients. */
const workers = {
  incoming: { functionName: 'process-event', create: processing },
  events: { functionName: 'fan-out-events', create: fanningOut },
  deliveries: { functionName: 'deliver', create: delivering },
} as const satisfies Record<
  EventQueue,
  {
    readonly functionName: FunctionName;
    readonly create: (deps: InstanceDeps, clients: Clients) => ReturnType<typeof batch>;
  }
>;

export function openInstances(deps: InstanceDeps) {
  const clients = new Map<EventQueue, Clients>();
  const clientsOf = (queue: EventQueue): Clients => {
    const { functionName } = workers[queue];
    const opened = clients.get(queue) ?? openUnreliable({ ...deps, functionName });
    clients.set(queue, opened);
    return opened;
  };
  return {
    newInstance(queue: EventQueue): WorkBatch {
      const handler = workers[queue].create(deps, clientsOf(queue));
      return (event: SQSEvent) => handler(event, context);
    },
    close() {
      for (const one of clients.values()) one.close();
    },
  };
}

const silent = () => undefined;

function processing({ place, now }: InstanceDeps, { dynamoDb, sqs }: Clients) {
  const precious = openTable(dynamoDb, localNames.connectionsTable);
  const activity = openTable(dynamoDb, localNames.activityTable);
  const deps = {
    connections: createConnectionStore(precious),
    idempotency: createIdempotencyStore(activity, now),
    waiting: createWaitingEvents(activity, now),
    resourceWatermarks: createResourceWatermarks(activity, now),
    queue: openQueue<unknown>(sqs, queueUrlOf(place, 'incoming')),
    events: openQueue<unknown>(sqs, queueUrlOf(place, 'events')),
    now,
    log: createLog('process-event', now, silent),
    count: silent,
  };
  return batch({ functionName: 'process-event', now, write: silent }, incomingMessage, (message) => {
    if (message.kind === 'data_deletion') throw new Error('No platform of this test asks for a deletion.');
    return message.kind === 'connected' ? releaseWaitingEvents(deps, message) : processEvent(deps, message);
  });
}

function fanningOut({ place, now }: InstanceDeps, { dynamoDb, sqs }: Clients) {
  const destinations = createDestinationStore(openTable(dynamoDb, localNames.connectionsTable));
  const deps = {
    activeDestinations: createActiveDestinations(destinations, now),
    deliveries: openQueue<unknown>(sqs, queueUrlOf(place, 'deliveries')),
    incoming: openQueue<unknown>(sqs, queueUrlOf(place, 'incoming')),
  };
  return batch({ functionName: 'fan-out-events', now, write: silent }, eventMessage, (message) =>
    fanOutEvent(deps, message),
  );
}

function delivering(instance: InstanceDeps, { dynamoDb, kms, sqs }: Clients) {
  const { place, now, random, insecureOrigins } = instance;
  const table = openTable(dynamoDb, localNames.connectionsTable);
  const deps = {
    destinations: createDestinationStore(table),
    vault: openVault({
      kms,
      table,
      keyId: localNames.vaultKeyId,
      kmsKeyOf: async () => undefined,
      purpose: 'destinations',
      now,
      monotonic: now,
    }),
    post: createPinnedPost({ resolve: resolveAll, connect: connectTo, insecureOrigins }),
    putEvent: async () => undefined,
    events: openQueue<unknown>(sqs, queueUrlOf(place, 'events')),
    deliveries: soon(openQueue<unknown>(sqs, queueUrlOf(place, 'deliveries'))),
    deadLetters: openQueue<unknown>(
      sqs,
      `${place.endpoint}/${place.accountId}/${deadLetterName('deliveries')}`,
    ),
    logFailure: silent,
    now,
    random,
    log: createLog('deliver', now, silent),
    count: silent,
  };
  return batch({ functionName: 'deliver', now, write: silent }, deliveryMessage, (delivery, received) =>
    deliver(deps, delivery, received),
  );
}

/** Maps the queue's seconds to the clock that the test controls. */
function soon(queue: Queue<DeliveryMessage>): Queue<DeliveryMessage> {
  return { ...queue, send: (message) => queue.send({ ...message, delaySeconds: 1 }) };
}
