/**
 * The deliverer and its tenants in one process: real tables, queues, keys and buses on loopback, a clock that a test
 * plays, and messages that come back when the deliverer says so.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { KMSClient } from '@aws-sdk/client-kms';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod/mini';
import type { Intercept } from '../../../infra/local/aws/front/front.ts';
import { startLocalAws } from '../../../infra/local/aws/local-aws.ts';
import {
  deadLetterName,
  localNames,
  localQueueName,
  provision,
} from '../../../infra/local/stack/provision.ts';
import type { QueueName } from '../../../infra/topology-rows.ts';
import { openEventBus } from '../../../lib/aws/event-bus.ts';
import { type Message, openQueue, type Queue } from '../../../lib/aws/queue.ts';
import { type DeliverDeps, deliver } from '../../../lib/deliveries/deliver.ts';
import { destinationSealContext } from '../../../lib/deliveries/deliver-https.ts';
import type { AccountId, ConnectionId, ProviderId, TenantId, UserId } from '../../../lib/ids.ts';
import { type DeliveryMessage, deliveryMessage } from '../../../lib/messages/deliveries.ts';
import { eventMessage } from '../../../lib/messages/events.ts';
import { parseMessage } from '../../../lib/messages/parse-message.ts';
import { type TenantEvent, tenantEvent } from '../../../lib/messages/tenant-event.ts';
import { connectTo, type Resolve } from '../../../lib/platform-http/pinned-connection.ts';
import { createPinnedPost } from '../../../lib/platform-http/pinned-post.ts';
import { newStandardWebhookSecret } from '../../../lib/signatures/standard-webhooks.ts';
import { openTable } from '../../../lib/table/table.ts';
import {
  createDestinationStore,
  type Destination,
  type HttpsDestination,
  newDestinationId,
} from '../../../lib/tenants/destination.ts';
import { openVault } from '../../../lib/vault/vault.ts';

export const start = Date.UTC(2026, 0, 1);
let made = 0;

export async function openDeliveryFixture() {
  const clock = { now: start };
  const insecureOrigins: string[] = [];
  const counted: (readonly [name: string, reason?: string])[] = [];
  const logged: string[] = [];
  const told: unknown[] = [];
  let resolve: Resolve = () => Promise.reject(new Error('There is no such name.'));
  let fault: Intercept | undefined;
  let chance = 0.5;
  const aws = await startLocalAws({
    grantsOf: () => undefined,
    now: () => clock.now,
    intercept: (call) => fault?.(call),
  });
  const settings = {
    region: aws.region,
    credentials: { accessKeyId: 'operator', secretAccessKey: 's4ndb0x-never-sent' },
    maxAttempts: 1,
  };
  const dynamoDb = new DynamoDBClient({ ...settings, endpoint: aws.endpoints.dynamodb });
  const kms = new KMSClient({ ...settings, endpoint: aws.endpoints.kms });
  const sqs = new SQSClient({ ...settings, endpoint: aws.endpoints.sqs, useQueueUrlAsEndpoint: false });
  const bridge = new EventBridgeClient({ ...settings, endpoint: aws.endpoints.eventbridge });
  await provision({ dynamoDb, kms, sqs });
  const table = openTable(dynamoDb, localNames.connectionsTable);
  const destinations = createDestinationStore(table);
  const now = () => clock.now;
  const vault = openVault({
    kms,
    table,
    keyId: localNames.vaultKeyId,
    purpose: 'destinations',
    now,
    monotonic: now,
  });
  const urlAt = (name: string) => `${aws.endpoints.sqs}/${aws.accountId}/${name}`;
  const urlOf = (name: QueueName) => urlAt(localQueueName(name));
  const queueOf = (name: QueueName) => openQueue<unknown>(sqs, urlOf(name));
  const deps: DeliverDeps = {
    destinations,
    vault,
    post: createPinnedPost({
      resolve: (name) => resolve(name),
      connect: connectTo,
      insecureOrigins,
      totalMilliseconds: 5_000,
    }),
    putEvent: openEventBus(bridge),
    events: queueOf('events'),
    deliveries: queueOf('deliveries'),
    deadLetters: openQueue<unknown>(sqs, urlAt(deadLetterName('deliveries'))),
    now,
    random: () => chance,
    logFailure: (error) => void told.push(error),
    log: (level, event, fields) => logged.push(JSON.stringify({ level, event, ...fields })),
    count: (name, { reason } = {}) => counted.push(reason === undefined ? [name] : [name, reason]),
  };

  return {
    aws,
    table,
    clock,
    deps,
    vault,
    destinations,
    counted,
    logged,
    /** Errors that were written down. */
    told,
    queueOf,
    set resolve(wanted: Resolve) {
      resolve = wanted;
    },
    set fault(wanted: Intercept | undefined) {
      fault = wanted;
    },
    /** What the dice show. */
    set chance(wanted: number) {
      chance = wanted;
    },
    newTenant(): TenantId {
      made += 1;
      return `tenant-${made}` as TenantId;
    },

    /** A destination at an endpoint of this machine, or at any other, and its secret. */
    async addEndpoint(tenantId: TenantId, url: string, change: Partial<HttpsDestination> = {}) {
      const { origin, protocol } = new URL(url);
      if (protocol === 'http:') insecureOrigins.push(origin);
      const id = newDestinationId();
      const secret = newStandardWebhookSecret();
      const sealed = await vault.encryptToken(secret, destinationSealContext(tenantId, id));
      const destination: HttpsDestination = {
        id,
        kind: 'https',
        url,
        secret: sealed,
        status: 'active',
        createdAt: clock.now,
        ...change,
      };
      await destinations.update(tenantId, (before) => [...before, destination]);
      return { id, secret, sealed };
    },

    async addBus(tenantId: TenantId, busName: string): Promise<string> {
      const id = newDestinationId();
      const bus: Destination = { id, kind: 'eventbridge', busName, status: 'active', createdAt: clock.now };
      await destinations.update(tenantId, (before) => [...before, bus]);
      return id;
    },

    /** One try to deliver. Answers what becomes of the delivery, and for how many seconds it waits for its next try. */
    async tryOnce(tenantId: TenantId, destinationId: string, event: TenantEvent, tries = 1) {
      const waiting = { tries: tries - 1, dueAt: clock.now, sentAt: clock.now, copies: 0 };
      return this.receive({
        kind: 'delivery',
        tenantId,
        destinationId,
        event,
        ...(tries > 1 && { waiting }),
      });
    },

    /** Works one message. */
    async receive(delivery: DeliveryMessage, receives = 1) {
      const [sent, filed] = [seen(deps.deliveries), seen(deps.deadLetters)];
      const result = await deliver({ ...deps, deliveries: sent.queue, deadLetters: filed.queue }, delivery, {
        receives,
        sentAt: clock.now,
      });
      const waits = sent.bodies.map(({ waiting }) => ((waiting?.dueAt ?? 0) - clock.now) / 1000);
      const outcome = filed.bodies.length > 0 ? 'given up' : waits.length > 0 ? 'waits' : result;
      return { result: outcome, waits, sent: sent.messages, letter: filed.bodies[0] };
    },

    /**
     * Lets the delivery go round as its queue would, in played time, until it is done with. Answers when each try was, in
     * seconds from the first, and how long SQS was to delay each message.
     */
    async tryForDays(tenantId: TenantId, destinationId: string, event: TenantEvent) {
      const began = clock.now;
      const [times, delays]: [number[], number[]] = [[], []];
      let delivery: DeliveryMessage = { kind: 'delivery', tenantId, destinationId, event };
      for (;;) {
        if (clock.now >= (delivery.waiting?.dueAt ?? 0)) times.push((clock.now - began) / 1000);
        const { result, sent, letter } = await this.receive(delivery);
        const [next] = sent;
        if (!next) return { times, delays, outcome: result, letter };
        const { delaySeconds = 0 } = next;
        delays.push(delaySeconds);
        clock.now += delaySeconds * 1000;
        delivery = parseMessage(deliveryMessage, JSON.parse(JSON.stringify(next.body)));
      }
    },

    /** Takes what lies in a queue. */
    async take(name: QueueName): Promise<readonly unknown[]> {
      const bodies: unknown[] = [];
      for (;;) {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl: urlOf(name), MaxNumberOfMessages: 10 }),
        );
        if (Messages.length === 0) return bodies;
        bodies.push(...Messages.map(({ Body = '' }) => JSON.parse(Body)));
      }
    },

    /** Takes the events that lie in their queue, as tenants receive them. */
    async takeEvents(): Promise<readonly TenantEvent[]> {
      return (await this.take('events')).map((body) => parseMessage(eventMessage, body).event);
    },

    async close() {
      for (const client of [dynamoDb, kms, sqs, bridge]) client.destroy();
      await aws.close();
    },
  };
}

/** A queue that shows what is sent to it. */
function seen(queue: Queue<DeliveryMessage>) {
  const messages: Message<DeliveryMessage>[] = [];
  const send = async (message: Message<DeliveryMessage>) => {
    await queue.send(message);
    messages.push(message);
  };
  return {
    messages,
    get bodies() {
      return messages.map(({ body }) => parseMessage(deliveryMessage, JSON.parse(JSON.stringify(body))));
    },
    queue: { ...queue, send },
  };
}

/** An event as a worker reads it from its queue, and so with its fields in the order in which every try sends them. */
export function eventOf(tenantId: TenantId, change: Partial<TenantEvent> = {}): TenantEvent {
  return z.parse(tenantEvent, {
    id: 'evt_0123456789abcdefABCDEF',
    type: 'video.publish_completed',
    tenantId,
    provider: 'tiktok' as ProviderId,
    accountId: '42' as AccountId,
    connectionId: 'con_1' as ConnectionId,
    userId: 'ada' as UserId,
    superseded: false,
    occurredAt: '2026-01-01T00:00:00.000Z',
    receivedAt: '2026-01-01T00:00:01.000Z',
    data: { text: 's4ndb0x of the platform, with ünïcode' },
    ...change,
  });
}
