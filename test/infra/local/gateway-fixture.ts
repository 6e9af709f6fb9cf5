/** A gateway on a free port whose functions are plain callbacks, and a client that sends exactly what it is told. */
import { type IncomingHttpHeaders, request } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { onTestFinished } from 'vitest';
import {
  type AccessLogLine,
  type GatewayOptions,
  startGateway,
} from '../../../infra/local/gateway/gateway.ts';

const routes = [
  { method: 'GET', path: '/items/{id}', functionName: 'item' },
  { method: 'GET', path: '/items/newest', functionName: 'newest' },
  { method: 'POST', path: '/items', functionName: 'create' },
  { method: 'DELETE', path: '/items/{id}/parts/{part}', functionName: 'part' },
];

const cors = {
  allowOrigins: ['*'],
  allowMethods: ['GET', 'POST', 'DELETE'],
  allowHeaders: ['authorization', 'content-type'],
  exposeHeaders: ['retry-after'],
  maxAgeSeconds: 600,
};

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Sending {
  readonly method?: string;
  readonly path?: string;
  /** Pairs, so that a name may repeat. */
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: Buffer | string;
}

export interface TestGateway {
  readonly url: string;
  /** What the functions were called with. */
  readonly calls: { readonly functionName: string; readonly event: APIGatewayProxyEventV2 }[];
  readonly log: AccessLogLine[];
  send(sending?: Sending): Promise<Answer>;
  /** Sends and returns the event that a function got. */
  eventOf(sending: Sending): Promise<APIGatewayProxyEventV2>;
}

/** Starts a gateway; `answer` is what its functions return. */
export async function openGateway(
  answer: () => unknown = () => ({ statusCode: 200 }),
  options: Partial<GatewayOptions> = {},
): Promise<TestGateway> {
  const calls: TestGateway['calls'] = [];
  const log: AccessLogLine[] = [];
  const gateway = await startGateway({
    routes,
    cors,
    host: 'localhost',
    port: 0,
    now: Date.now,
    accessLog: (line) => log.push(line),
    invoke: async (functionName, event) => {
      calls.push({ functionName, event });
      return answer();
    },
    ...options,
  });
  onTestFinished(() => gateway.close());
  const send = (sending: Sending = {}) => exchange(gateway.url, sending);
  return {
    url: gateway.url,
    calls,
    log,
    send,
    eventOf: async (sending) => {
      await send(sending);
      const call = calls.at(-1);
      if (call === undefined) throw new Error('No function was called.');
      return call.event;
    },
  };
}

function exchange(url: string, sending: Sending): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const target = new URL(url);
  const message = request(
    {
      host: '127.0.0.1',
      port: target.port,
      method: sending.method ?? 'GET',
      path: sending.path ?? '/items/7',
      agent: false,
      headers: ['host', target.host, ...(sending.headers ?? []).flat(), ...lengthOf(sending.body)],
    },
    async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
    },
  );
  message.on('error', reject);
  message.end(sending.body);
  return promise;
}

function lengthOf(body: Buffer | string | undefined): string[] {
  return body === undefined ? [] : ['content-length', String(Buffer.byteLength(body))];
}
