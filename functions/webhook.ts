/** `GET, POST /integrations/webhook/{app}`: receives a platform's signed events, and answers its handshake. */
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { readSettings } from '../lib/config.ts';
import { webhookRoutes } from '../lib/contract/webhook-routes.ts';
import { now, openProviders, queueOf, secretSource } from '../lib/runtime/compose.ts';
import { http } from '../lib/runtime/http/http.ts';
import type { HttpResult } from '../lib/runtime/http/http-result.ts';
import type { SignedRequest } from '../lib/signatures/verification.ts';
import { writeLine } from '../lib/telemetry/log.ts';
import { createCount } from '../lib/telemetry/metrics.ts';
import { createDecoy } from '../lib/webhooks/decoy-app.ts';
import { receiveWebhook } from '../lib/webhooks/receive-webhook.ts';
import { createWebhookApps } from '../lib/webhooks/webhook-app.ts';

const settings = readSettings('webhook');
/**
 * Metrics are written together with each request's log line, because a write is the largest cost here after the queue.
 */
const metrics: string[] = [];
const write = (line: string) => writeLine([...metrics.splice(0), line].join('\n'));

const providers = openProviders();
const deps = {
  findApp: createWebhookApps({ secrets: secretSource(), prefix: settings.appSecretPrefix, providers, now }),
  decoy: createDecoy(providers),
  queue: queueOf('incoming', settings),
  fetch: (input: Parameters<typeof fetch>[0], init?: RequestInit) => fetch(input, init),
  now,
  count: createCount(now, (line) => metrics.push(line)),
};

const act = async ({
  params,
  signed,
}: {
  params: { app: string };
  signed: SignedRequest;
}): Promise<HttpResult> => {
  const answer = await receiveWebhook(deps, params.app, signed);
  if (answer.kind === 'accepted') return { kind: 'text', status: 200, body: '' };
  return { kind: 'text', status: answer.status, body: answer.body, headers: answer.headers };
};
const handshake = http(webhookRoutes.webhookHandshake, { now, write }, act);
const delivery = http(webhookRoutes.webhook, { now, write }, act);

export const handler = (event: APIGatewayProxyEventV2, context: Context) =>
  (event.requestContext.http.method === 'GET' ? handshake : delivery)(event, context);
