/**
 * Measures how long the webhook function takes to refuse, by what is wrong: the first digit of the signature, the last, or
 * the app id. The kinds come in random order, so that a slow machine slows all alike.
 */
import { createHmac } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { startLocalAws } from '../../infra/local/aws/local-aws.ts';
import { startGateway } from '../../infra/local/gateway/gateway.ts';
import { grantsOf } from '../../infra/local/stack/function-grants.ts';
import { provision } from '../../infra/local/stack/provision.ts';
import { appSecretPrefix, cors, routes } from '../../infra/topology.ts';
import { createSecretStore } from '../../lib/admin/secret-store.ts';
import { event as gatewayEvent, context as lambdaContext } from '../support/gateway-event.ts';
import { type AwsPlace, openClients } from '../support/lifecycle/function-instance.ts';
import { exchange } from '../support/stack/http-exchange.ts';
import { loadWebhookFunction, type WebhookHandler } from './webhook-function.ts';

export const kinds = ['first digit', 'last digit', 'unknown context'] as const;
export type Kind = (typeof kinds)[number];
/** Microseconds, by kind. */
export type Times = Readonly<Record<Kind, readonly number[]>>;

export type Platform = 'tiktok' | 'instagram';

const known: Readonly<Record<Platform, string>> = {
  tiktok: `app_${'T'.repeat(22)}`,
  instagram: `app_${'M'.repeat(22)}`,
};
const unknown = `app_${'U'.repeat(22)}`;
const clientSecret = 's4ndb0x-client-secret-of-43-characters-in-all';
const body = JSON.stringify({
  client_key: 'client',
  event: 'post.publish.complete',
  create_time: 1_763_599_990,
  user_openid: '-000ExampleOpenId',
  content: '{"publish_id":"v_inbox_file~v2.123456789","publish_type":"INBOX_SHARE"}',
});

export type TimingFixture = Awaited<ReturnType<typeof openTimingFixture>>;

export async function openTimingFixture() {
  const deps = new AsyncDisposableStack();
  const aws = deps.adopt(await startLocalAws({ grantsOf, now: Date.now }), (one) => one.close());
  const place: AwsPlace = {
    endpoint: aws.endpoints.dynamodb,
    region: aws.region,
    accountId: aws.accountId,
  };
  const clients = openClients(place, 3);
  deps.defer(() => {
    for (const client of Object.values(clients)) client.destroy();
  });
  await provision(clients);
  const secrets = createSecretStore(clients.secrets);
  for (const provider of ['tiktok', 'instagram'] as const) {
    const app = { provider, clientId: 'client', clientSecret };
    await secrets.write(`${appSecretPrefix}${known[provider]}`, app);
  }
  const handler = await loadWebhookFunction(place);
  const gateway = deps.adopt(
    await startGateway({
      routes: routes.filter(({ functionName }) => functionName === 'webhook'),
      cors,
      host: 'localhost',
      port: 0,
      invoke: (_name, event) => handler(event, lambdaContext),
      now: Date.now,
    }),
    (one) => one.close(),
  );
  return {
    /** The function alone, more precise than any outside measurement. */
    inProcess: (platform: Platform, calls: number) =>
      measure(calls, (kind) => {
        const event = eventOf(forged(platform, kind));
        return () => statusOf(handler, event);
      }),
    /** Over HTTP on this machine: closer than any attacker. */
    overHttp: (platform: Platform, calls: number) =>
      measure(calls, (kind) => {
        const { appId, header, signature } = forged(platform, kind);
        const request = {
          method: 'POST',
          target: `/integrations/webhook/${appId}`,
          headers: [['content-type', 'application/json'] as const, [header, signature] as const],
          body,
        };
        return async () => (await exchange(gateway.url, request)).status;
      }),
    close: () => deps.disposeAsync(),
  };
}

/** A fifth of all calls is warm-up. */
async function measure(calls: number, prepare: (kind: Kind) => () => Promise<number>): Promise<Times> {
  const times: Record<Kind, number[]> = { 'first digit': [], 'last digit': [], 'unknown context': [] };
  const warmUp = calls / 4;
  for (let call = -warmUp; call < calls; call += 1) {
    const kind = drawn();
    const act = prepare(kind);
    const began = process.hrtime.bigint();
    const status = await act();
    const took = Number(process.hrtime.bigint() - began) / 1_000;
    if (status !== 401) throw new Error(`A forged request was answered ${status}.`);
    if (call >= 0) times[kind].push(took);
  }
  return times;
}

/** Known and unknown apps are equally frequent, because a processor speeds up the more frequent path. */
function drawn(): Kind {
  if (Math.random() < 0.5) return 'unknown context';
  return Math.random() < 0.5 ? 'first digit' : 'last digit';
}

function forged(platform: Platform, kind: Kind) {
  const hmac = createHmac('sha256', clientSecret);
  const t = Math.floor(Date.now() / 1000);
  const mac =
    platform === 'tiktok' ? hmac.update(`${t}.`).update(body).digest('hex') : hmac.update(body).digest('hex');
  const wrong = flipped(mac, kind === 'first digit' ? 0 : mac.length - 1);
  return {
    appId: kind === 'unknown context' ? unknown : known[platform],
    header: platform === 'tiktok' ? 'tiktok-signature' : 'x-hub-signature-256',
    signature: inOnePiece(platform === 'tiktok' ? `t=${t},s=${wrong}` : `sha256=${wrong}`),
  };
}

/** V8 flattens a concatenated string on first read, in a time that depends on its pieces. */
function inOnePiece(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

function flipped(mac: string, at: number): string {
  return `${mac.slice(0, at)}${mac[at] === '0' ? '1' : '0'}${mac.slice(at + 1)}`;
}

function eventOf({ appId, header, signature }: ReturnType<typeof forged>): APIGatewayProxyEventV2 {
  const event = gatewayEvent({ body, path: { appId }, headers: { [header]: signature } });
  const { requestContext } = event;
  return {
    ...event,
    requestContext: { ...requestContext, http: { ...requestContext.http, method: 'POST' } },
  };
}

async function statusOf(handler: WebhookHandler, event: APIGatewayProxyEventV2): Promise<number> {
  return (await handler(event, lambdaContext)).statusCode ?? 0;
}
