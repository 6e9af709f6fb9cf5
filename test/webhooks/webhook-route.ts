/** The webhook route for any described platform: HTTP requests in, through the product's adapter, queue messages out. */
import { type Gateway, startGateway } from '../../infra/local/gateway/gateway.ts';
import { cors, routes } from '../../infra/topology.ts';
import type { Message } from '../../lib/aws/queue.ts';
import { contract } from '../../lib/contract/contract.ts';
import { tiktok } from '../../lib/platforms/tiktok/definition.ts';
import type { WebhookDefinition } from '../../lib/providers/webhook-definition.ts';
import { http } from '../../lib/runtime/http/http.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import { createDecoy } from '../../lib/webhooks/decoy-app.ts';
import { type ReceiveDeps, receiveWebhook } from '../../lib/webhooks/receive-webhook.ts';
import { context as lambdaContext } from '../support/gateway-event.ts';
import { providersOf } from '../support/providers.ts';
import { exchange, type RawAnswer, type RawRequest } from '../support/stack/http-exchange.ts';

export interface Platform {
  readonly webhook: WebhookDefinition;
  /** The webhook secrets, the current one first. */
  readonly secrets: readonly string[];
  readonly settings?: Readonly<Record<string, string>>;
  readonly planting?: ReceiveDeps['planting'];
  readonly now: () => number;
}

export interface Route {
  /** Whether the gateway passed each body on as base64. */
  readonly encodings: boolean[];
  /** The messages sent to the queue. */
  readonly sent: Message[];
  /** Sends a request with these headers and this body to the platform's app. */
  send(
    platform: Platform,
    request: Pick<RawRequest, 'body'> & {
      readonly method?: string;
      readonly query?: string;
      readonly headers: Readonly<Record<string, string | undefined>>;
    },
  ): Promise<RawAnswer>;
  close(): Promise<void>;
}

export async function openWebhookRoute(): Promise<Route> {
  const sent: Message[] = [];
  const encodings: boolean[] = [];
  let current: Platform | undefined;
  const gateway: Gateway = await startGateway({
    routes: routes.filter(({ functionName }) => functionName === 'webhook'),
    cors,
    host: 'localhost',
    port: 0,
    invoke: (_name, event) => {
      encodings.push(event.isBase64Encoded);
      if (!current) throw new Error('No platform has been chosen.');
      return handlerOf(current, event.requestContext.http.method, sent)(event, lambdaContext);
    },
    now: () => current?.now() ?? 0,
  });

  return {
    encodings,
    sent,
    send(platform, { method = 'POST', query, headers, body }) {
      current = platform;
      sent.length = 0;
      encodings.length = 0;
      return exchange(gateway.url, {
        method,
        target: `/integrations/webhook/${tiktok.id}${query === undefined ? '' : `?${query}`}`,
        headers: Object.entries(headers).map(([name, value = '']) => [name, value] as const),
        ...(body !== undefined && { body }),
      });
    },
    close: () => gateway.close(),
  };
}

/** The product's route, with the described platform in place of another. */
function handlerOf(
  { webhook, secrets, settings = {}, planting, now }: Platform,
  method: string,
  sent: Message[],
) {
  const provider = { ...tiktok, webhook };
  const app = {
    provider: provider.id,
    webhook,
    settings,
    clientId: 'client',
    clientSecrets: [],
    webhookSecrets: secrets.map((secret) => new Secret(secret)),
    verifyTokens: [],
  };
  const deps: ReceiveDeps = {
    findApp: async () => app,
    decoy: createDecoy(providersOf([provider])),
    queue: {
      send: async (message) => void sent.push(message),
      sendAll: async (messages) => void sent.push(...messages),
    },
    ...(planting && { planting }),
    fetch,
    now,
    count: () => undefined,
  };
  const route = method === 'GET' ? contract.webhookHandshake : contract.webhook;
  return http(route, { now, write: () => undefined }, async ({ params, signed }) => {
    const answer = await receiveWebhook(deps, params.app, signed);
    return answer.kind === 'accepted'
      ? { kind: 'text', status: 200, body: '' }
      : { kind: 'text', status: answer.status, body: answer.body, headers: answer.headers };
  });
}
