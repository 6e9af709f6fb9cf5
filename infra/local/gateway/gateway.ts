/**
 * The API's front door on this machine: HTTP in, an HTTP API's event to a function, its answer out. It keeps the
 * gateway's limits, routing, CORS and error answers, so that what would fail on AWS fails here.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { type GatewayCors, preflightHeaders, withCors } from './cors.ts';
import { newRequestId, rawHeaders, toEvent } from './event.ts';
import { listen } from './listen.ts';
import { type GatewayResponse, gatewayMessage, readResult } from './response.ts';
import { type GatewayRoute, type RouteMatch, readPath, routeTable } from './routes.ts';

/** One request as the access log shows it; the query string is never in it, because it may hold a code. */
export interface AccessLogLine {
  readonly requestId: string;
  readonly method: string;
  /** As sent, without the query string. */
  readonly path: string;
  /** Absent where no route matched. */
  readonly routeKey?: string;
  readonly status: number;
  readonly responseBytes: number;
  readonly durationMs: number;
  /** The kind of a function's failure, such as `Sandbox.Timedout`; never its message. */
  readonly integrationError?: string;
}

export interface GatewayOptions {
  readonly routes: readonly GatewayRoute[];
  readonly cors: GatewayCors;
  /** `localhost` opens both loopback addresses. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Runs a function; a rejection is a function error, and its `name` the error's type. */
  readonly invoke: (functionName: string, event: APIGatewayProxyEventV2) => Promise<unknown>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly accessLog?: ((line: AccessLogLine) => void) | undefined;
  /** 30,000 unless set, which is the most that an HTTP API allows. */
  readonly integrationTimeoutMs?: number;
}

export interface Gateway {
  /** Such as `http://localhost:8787`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Request line and headers together, in bytes (API Gateway's quota, not raisable). */
const headLimitBytes = 10_240;
/** The body, in bytes (API Gateway's quota of 10 MB). */
const bodyLimitBytes = 10 * 1024 * 1024;
const integrationTimeoutMs = 30_000;
// Node's own limit is higher than the gateway's, so that the gateway itself answers a head just over its limit.
const serverOptions = { maxHeaderSize: 65_536, keepAliveTimeout: 75_000 };

/** Starts the gateway; rejects with a sentence that says what to do where the port is taken. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const findRoute = routeTable(options.routes);
  const server = await listen((request, response) => void serve(request, response), options, serverOptions);
  return { url: `http://${options.host}:${server.port}`, close: () => server.close() };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const receivedAt = options.now();
    const requestId = newRequestId();
    const target = splitTarget(request.url ?? '');
    const answer = await respond(request, target, { requestId, receivedAt }).catch(
      (error: unknown): Outcome => ({
        response: gatewayMessage(500, 'Internal Server Error'),
        error: nameOf(error),
      }),
    );
    const { headers } = answer.response;
    write(response, answer.response, {
      ...(answer.isPreflight ? headers : withCors(options.cors, request.headers.origin, headers)),
      'apigw-requestid': requestId,
    });
    options.accessLog?.({
      requestId,
      method: request.method ?? '',
      path: target.path,
      ...(answer.match !== undefined && {
        routeKey: `${answer.match.route.method} ${answer.match.route.path}`,
      }),
      status: answer.response.status,
      responseBytes: answer.response.body.length,
      durationMs: options.now() - receivedAt,
      ...(answer.error !== undefined && { integrationError: answer.error }),
    });
  }

  async function respond(
    request: IncomingMessage,
    target: { readonly path: string; readonly query: string },
    { requestId, receivedAt }: { readonly requestId: string; readonly receivedAt: number },
  ): Promise<Outcome> {
    if (headBytes(request) > headLimitBytes) return refuse(431, 'Request Header Fields Too Large');
    const path = target.path.startsWith('/') ? readPath(target.path) : undefined;
    if (path === undefined) return refuse(400, 'Bad Request');
    if (request.method === 'OPTIONS')
      return { isPreflight: true, response: preflight(options.cors, request) };
    const match = findRoute(request.method ?? '', path.routed);
    if (match === undefined) return refuse(404, 'Not Found');
    const body = await readBody(request);
    if (body === undefined) return refuse(413, 'Request Entity Too Large', { match });
    const event = toEvent({
      request,
      match,
      decodedPath: path.decoded,
      rawQueryString: target.query,
      body,
      requestId,
      domainName: options.host,
      receivedAt,
    });
    return { match, ...(await integrate(match.route.functionName, event)) };
  }

  async function integrate(functionName: string, event: APIGatewayProxyEventV2): Promise<Outcome> {
    const timer = Promise.withResolvers<'late'>();
    const timeout = setTimeout(timer.resolve, options.integrationTimeoutMs ?? integrationTimeoutMs, 'late');
    try {
      const call = options.invoke(functionName, event).then((result) => ({ result }));
      const outcome = await Promise.race([call, timer.promise]);
      if (outcome === 'late') return refuse(503, 'Service Unavailable', { error: 'IntegrationTimeout' });
      const response = readResult(outcome.result);
      return response === undefined
        ? refuse(500, 'Internal Server Error', { error: 'MalformedResponse' })
        : { response };
    } catch (error) {
      const name = nameOf(error);
      // Lambda refuses an event over 6 MB before the gateway's own limit is met; uncertain that this is a 413.
      if (name === 'RequestTooLargeException')
        return refuse(413, 'Request Entity Too Large', { error: name });
      return refuse(500, 'Internal Server Error', { error: name });
    } finally {
      clearTimeout(timeout);
    }
  }
}

interface Outcome {
  readonly response: GatewayResponse;
  readonly match?: RouteMatch;
  readonly error?: string;
  /** The headers already say what CORS allows. */
  readonly isPreflight?: true;
}

function refuse(status: number, message: string, more: Omit<Outcome, 'response'> = {}): Outcome {
  return { ...more, response: gatewayMessage(status, message) };
}

/** Once CORS is configured, every OPTIONS request is the gateway's, with or without a route of that name. */
function preflight(cors: GatewayCors, request: IncomingMessage): GatewayResponse {
  const headers = preflightHeaders(
    cors,
    request.headers.origin,
    request.headers['access-control-request-method'],
  );
  return { status: 204, headers, cookies: [], body: Buffer.alloc(0) };
}

function write(
  response: ServerResponse,
  answer: GatewayResponse,
  headers: Readonly<Record<string, string>>,
): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (answer.cookies.length > 0) response.setHeader('set-cookie', answer.cookies);
  if (answer.status !== 204 && answer.status !== 304)
    response.setHeader('content-length', answer.body.length);
  response.writeHead(answer.status).end(answer.body);
}

/** Reads the whole body, because a client that is still sending would miss an early response; `undefined` over the limit. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes <= bodyLimitBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  return bytes <= bodyLimitBytes ? Buffer.concat(chunks) : undefined;
}

function headBytes(request: IncomingMessage): number {
  const requestLine = `${request.method} ${request.url} HTTP/${request.httpVersion}\r\n`.length;
  return rawHeaders(request).reduce(
    (sum, [name, value]) => sum + name.length + value.length + 4,
    requestLine + 2,
  );
}

function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const mark = target.indexOf('?');
  return mark < 0
    ? { path: target, query: '' }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'Error';
}
