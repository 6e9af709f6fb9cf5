/**
 * The one door to the local AWS services: it reads each call, counts it, refuses what the caller's row does not
 * grant, lets a test inject a fault, and passes the rest on. It listens on 127.0.0.1 only.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { AwsError, errorBody } from '../aws-error.ts';
import type { ReceivedRequest, Service } from '../service.ts';
import { type Demand, type Grant, requireGranted } from './access-grants.ts';
import { type AwsCall, type AwsService, readCall } from './aws-call.ts';
import type { CallCounter } from './call-counter.ts';
import { listenOnLoopback } from './listen.ts';
import type { HttpAnswer } from './upstream.ts';

/** What happens to a call instead of its own course: `drop` never performs it, `drop-after` loses its answer. */
export type Fault =
  | { readonly error: string; readonly status: number }
  | { readonly delayMs: number }
  | 'drop'
  | 'drop-after';

/** Asked for every granted call; for tests. The action is as in {@link CallCounter.calls}. */
export type Intercept = (call: { principal: string; action: string; body: unknown }) => Fault | undefined;

export interface FrontOptions {
  readonly port: number;
  readonly services: Readonly<Record<AwsService, Service>>;
  readonly demandsOf: (call: AwsCall) => readonly Demand[];
  readonly grantsOf: (accessKeyId: string) => readonly Grant[] | undefined;
  readonly counter: CallCounter;
  readonly intercept: Intercept | undefined;
  /** Whether calls signed for another region are taken too. */
  readonly anyRegion?: boolean;
}

export interface Front {
  readonly url: string;
  close(): Promise<void>;
}

/** DynamoDB's own limit of a request. */
const mostBytes = 16 * 1024 * 1024;
/** Only names that no outside DNS can point here: a web page must not reach these services by rebinding its own name. */
const localHost = /^(?:127\.0\.0\.1|(?:[\w.-]+\.)?localhost)(?::\d+)?$/i;

/** @throws when the port is taken, in words that say what to do. */
export async function startFront(options: FrontOptions): Promise<Front> {
  const closing = new AbortController();
  const underWay = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const handled = handle(options, request, response, closing.signal).finally(() =>
      underWay.delete(handled),
    );
    underWay.add(handled);
  });
  // A kept connection must not be closed under a call that is just being sent.
  server.keepAliveTimeout = 0;
  const port = await listenOnLoopback(server, options.port);

  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      closing.abort();
      await Promise.allSettled(underWay);
      server.closeAllConnections();
      await closed;
    },
  };
}

async function handle(
  options: FrontOptions,
  incoming: IncomingMessage,
  response: ServerResponse,
  closing: AbortSignal,
): Promise<void> {
  try {
    const body = await readBody(incoming);
    const call = readCall(incoming.headers, body, options.anyRegion);
    options.counter.count(call.principal, call.action);
    requireAllowed(options, call);
    const fault = options.intercept?.({ principal: call.principal, action: call.action, body: call.input });
    if (fault === 'drop') return void incoming.socket.destroy();
    await suffer(fault, closing);
    const request: ReceivedRequest = { headers: incoming.headers, body, closing };
    const service = options.services[call.service];
    const answer = await service.serve(call, request);
    if (fault === 'drop-after') return void incoming.socket.destroy();
    if (incoming.socket.destroyed) return await service.undelivered?.(call, request, answer);
    send(response, answer);
  } catch (error) {
    send(response, failure(error));
  }
}

function requireAllowed(options: FrontOptions, call: AwsCall): void {
  const grants = options.grantsOf(call.principal);
  if (grants !== undefined) requireGranted(call.principal, options.demandsOf(call), grants);
}

async function suffer(fault: Exclude<Fault, 'drop'> | undefined, signal: AbortSignal): Promise<void> {
  if (typeof fault !== 'object') return;
  if ('error' in fault) throw new AwsError(fault.error, 'A fault injected by a test.', fault.status);
  await delay(fault.delayMs, undefined, { signal });
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  if (request.method !== 'POST' || !localHost.test(request.headers.host ?? '')) {
    throw new AwsError(
      'UnknownOperationException',
      'This is the local AWS endpoint: it answers POST at 127.0.0.1.',
      404,
    );
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > mostBytes)
      throw new AwsError('RequestEntityTooLarge', 'The request is larger than 16 MiB.', 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Anything unforeseen stays nameless: its message could hold what the request held. */
function failure(error: unknown): HttpAnswer {
  const known = error instanceof AwsError;
  const shown = known ? error : new AwsError('InternalFailure', 'The local AWS endpoint failed.', 500);
  return {
    status: shown.status,
    headers: ['Content-Type', 'application/x-amz-json-1.1'],
    body: Buffer.from(errorBody(shown), 'utf8'),
  };
}

function send(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  const named = headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'x-amzn-requestid');
  const requestId = named ? [] : ['x-amzn-RequestId', randomUUID()];
  response.writeHead(status, [...headers, ...requestId, 'Content-Length', String(body.length)]).end(body);
}
