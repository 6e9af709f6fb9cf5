/**
 * The whole product with tenants that brought their own apps, whose secrets a test knows: it signs deliveries as the
 * platform does, and sees what the worker tells tenants.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetQueueAttributesCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { z } from 'zod';
import { localQueueUrls } from '../../infra/local/stack/provision.ts';
import type { QueueName } from '../../infra/topology-rows.ts';
import type { Success } from './stack/api-client.ts';
import { connectAccount } from './stack/flow-steps.ts';
import { exchange, type RawAnswer } from './stack/http-exchange.ts';
import { openTestStack, type TestTenant } from './stack/test-stack.ts';

export type MetaProvider = 'instagram' | 'instagram-facebook';

/** A tenant's own app at a platform. */
export interface OwnApp {
  readonly tenant: TestTenant;
  readonly provider: MetaProvider;
  readonly appId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The secret of the Meta app, beside that of the Instagram app. */
  readonly webhookSecret: string;
  readonly verifyToken: string;
}

/** An event that the worker published to a tenant. */
const told = z.looseObject({
  id: z.string(),
  type: z.string(),
  tenantId: z.string(),
  accountId: z.string(),
  userId: z.string(),
  superseded: z.optional(z.boolean()),
  data: z.record(z.string(), z.unknown()),
});
const sentEvent = z.object({ kind: z.string(), event: told });
export type Told = z.output<typeof told>;

const sent = z.object({ QueueUrl: z.string(), MessageBody: z.string() });

export type WebhookFixture = Awaited<ReturnType<typeof openWebhookFixture>>;

/** Longer than any handling here takes. */
export const usualSeconds = 60;

export const hmac = (secret: string, text: string | Uint8Array) =>
  createHmac('sha256', secret).update(text).digest();

/** A `signed_request` as Meta makes it. */
export function signedRequest(secret: string, userId: string, issuedAt: number, more: object = {}): string {
  const payload = {
    algorithm: 'HMAC-SHA256',
    issued_at: Math.floor(issuedAt / 1000),
    user_id: userId,
    ...more,
  };
  const encoded = Buffer.from(JSON.stringify(payload)).toString('base64url');
  return `${hmac(secret, encoded).toString('base64url')}.${encoded}`;
}

/** A delivery of comments, each with its id, about one account. */
export function comments(accountId: string, ids: readonly string[], time = Date.now()): string {
  const changes = ids.map((id) => ({
    field: 'comments',
    value: { id, text: `words of ${id}`, from: { id: '9' } },
  }));
  return JSON.stringify({
    object: 'instagram',
    entry: [{ id: accountId, time: Math.floor(time / 1000), changes }],
  });
}

export async function openWebhookFixture() {
  const stack = await openTestStack();
  const { sqs: endpoint } = stack.local.endpoints;
  const urls = localQueueUrls(endpoint);
  const sqs = new SQSClient({
    endpoint,
    region: stack.local.aws.region,
    credentials: { accessKeyId: 'operator', secretAccessKey: 'local' },
    useQueueUrlAsEndpoint: false,
  });
  /** Everything that the worker put into the queue of what tenants are told. */
  const tellings: Told[] = [];
  let refused: string | undefined;
  stack.fault = ({ principal, action, body }) => {
    if (refused === `${principal} ${action}`) return { error: 'InternalServerError', status: 500 };
    const message = sent.safeParse(body).data;
    if (
      principal === 'LOCAL-process-event' &&
      action === 'sqs:SendMessage' &&
      message?.QueueUrl === urls.events.queue
    ) {
      tellings.push(sentEvent.parse(JSON.parse(message.MessageBody)).event);
    }
    return undefined;
  };

  /** Messages that wait or are being worked on; those that are put off do neither. */
  async function busyIn(queue: QueueName): Promise<number> {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: urls[queue].queue,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      }),
    );
    return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
  }

  /** How long a message that was given back stays hidden: minutes on AWS, and no test waits so long. */
  async function showAgainAfter(queue: QueueName, seconds: number): Promise<void> {
    const Attributes = { VisibilityTimeout: String(seconds) };
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: urls[queue].queue, Attributes }));
  }
  await showAgainAfter('incoming', usualSeconds);

  return {
    stack,

    async newApp(provider: MetaProvider = 'instagram', owner?: TestTenant): Promise<OwnApp> {
      const tenant = owner ?? (await stack.newTenant());
      const unique = randomBytes(6).toString('hex');
      const app = {
        clientId: `own-${unique}`,
        clientSecret: `s4ndb0x-client-${unique}`,
        webhookSecret: `s4ndb0x-meta-${unique}`,
        verifyToken: `s4ndb0x-verify-${unique}`,
      };
      const { appId } = await stack.local.operator.setApp({
        provider,
        tenantId: tenant.id,
        settings: {},
        ...app,
      });
      stack.local.platforms.sandboxes[provider].addClient({
        clientId: app.clientId,
        clientSecret: app.clientSecret,
        redirectUris: [`${stack.apiUrl}/integrations/callback/${appId}`],
      });
      return { tenant, provider, appId, ...app };
    },

    /** The first connection of a consent that a user gives to the app. */
    async connect(
      { tenant, provider }: Pick<OwnApp, 'tenant' | 'provider'>,
      userId: string,
      account?: string,
    ): Promise<Success<'complete'>['connection']> {
      const visit = account === undefined ? {} : { account };
      return (await connectAccount(stack, { user: tenant.user(userId), provider, visit })).connection;
    },

    /** Posts a delivery, signed with the app's client secret unless another is given. */
    deliver(
      { appId, clientSecret }: Pick<OwnApp, 'appId' | 'clientSecret'>,
      body: string,
      { secret = clientSecret, type = 'application/json', signature }: DeliverOptions = {},
    ): Promise<RawAnswer> {
      const mac = signature ?? `sha256=${hmac(secret, body).toString('hex')}`;
      return exchange(stack.apiUrl, {
        method: 'POST',
        target: `/integrations/webhook/${appId}`,
        headers: [
          ['content-type', type],
          ['x-hub-signature-256', mac],
        ],
        body,
      });
    },

    /** Posts a form, as Meta's callbacks do. */
    callBack(kind: 'deauthorize' | 'data-deletion', appId: string, text: string): Promise<RawAnswer> {
      return exchange(stack.apiUrl, {
        method: 'POST',
        target: `/integrations/${kind}/${appId}`,
        headers: [['content-type', 'application/x-www-form-urlencoded']],
        body: new URLSearchParams({ signed_request: text }).toString(),
      });
    },

    /** The events of a type that the worker has published to a tenant so far. */
    toldOf: (tenantId: string, type: string) =>
      tellings.filter((each) => each.tenantId === tenantId && each.type === type),

    /** Makes an action of a function fail until `end()`. */
    refuse(functionName: string, action: string) {
      refused = `LOCAL-${functionName} ${action}`;
      return {
        end: () => {
          refused = undefined;
        },
      };
    },

    async put(queue: QueueName, part: 'queue' | 'deadLetters', body: unknown): Promise<string> {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const { MessageId = '' } = await sqs.send(
        new SendMessageCommand({ QueueUrl: urls[queue][part], MessageBody: text, MessageGroupId: 'test' }),
      );
      return MessageId;
    },

    /** Waits until the workers of events have nothing left to do: what has not happened by then does not happen. */
    async settle(): Promise<void> {
      for (let quiet = 0; quiet < 2; ) {
        await sleep(50);
        const busy = (await busyIn('incoming')) + (await busyIn('events'));
        quiet = busy === 0 ? quiet + 1 : 0;
      }
    },

    showAgainAfter,

    async statusOf(tenant: TestTenant): Promise<Success<'status'>['connections']> {
      return (await tenant.client.ok('status')).connections;
    },

    async close(): Promise<void> {
      sqs.destroy();
      await stack.close();
    },
  };
}

interface DeliverOptions {
  readonly secret?: string;
  readonly type?: string;
  readonly signature?: string;
}

/** An answer without what differs at every request. */
export function look({ status, text, headers }: RawAnswer) {
  const names = [...headers.keys()].filter(
    (name) => !['x-correlation-id', 'apigw-requestid', 'date'].includes(name),
  );
  return {
    status,
    text: text.replaceAll(headers.get('x-correlation-id') ?? '-', 'id'),
    headers: names.map((name) => `${name}: ${headers.get(name)}`),
  };
}
