/**
 * One HTTP request as the event that an HTTP API hands to a function: Lambda proxy integration, payload format 2.0.
 * Field by field after AWS's reference and a captured live event; what is not known for certain is marked so.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { RouteMatch } from './routes.ts';

/** What the gateway has learnt about a request by the time it builds the event. */
export interface EventSource {
  readonly request: IncomingMessage;
  readonly match: RouteMatch;
  /** The path decoded twice. */
  readonly decodedPath: string;
  /** Exactly as sent, without the question mark. */
  readonly rawQueryString: string;
  readonly body: Buffer;
  readonly requestId: string;
  readonly domainName: string;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
}

/** The account that local names and events carry. */
export const localAccountId = '000000000000';

// RFC 9110 section 7.6.1: these belong to the connection, and the gateway ends it. `cookie` has its own field.
const notForwarded = new Set([
  'connection',
  'cookie',
  'expect',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Builds the event for one request. */
export function toEvent(source: EventSource): APIGatewayProxyEventV2 {
  const { request, match, body } = source;
  const routeKey = `${match.route.method} ${match.route.path}`;
  const sourceIp = addressOf(request);
  const cookies = cookiesOf(request);
  const headers = headersOf(source, sourceIp);
  const query = queryOf(source.rawQueryString);
  return {
    version: '2.0',
    routeKey,
    rawPath: source.decodedPath,
    rawQueryString: source.rawQueryString,
    ...(cookies.length > 0 && { cookies }),
    headers,
    ...(query !== undefined && { queryStringParameters: query }),
    requestContext: {
      accountId: localAccountId,
      apiId: 'local',
      domainName: source.domainName,
      domainPrefix: source.domainName.split('.', 1)[0] ?? source.domainName,
      http: {
        method: request.method ?? '',
        path: source.decodedPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: source.requestId,
      routeKey,
      stage: '$default',
      time: clfTime(source.receivedAt),
      timeEpoch: source.receivedAt,
    },
    ...(Object.keys(match.pathParameters).length > 0 && { pathParameters: { ...match.pathParameters } }),
    ...bodyFields(body, headers['content-type']),
  };
}

/** An id in the shape that HTTP APIs use: 15 characters and `=`. */
export function newRequestId(): string {
  return randomBytes(11).toString('base64');
}

/**
 * Whether a body of this type is handed on as text. AWS does not publish the list; it was tested on AWS by
 * ministackorg/ministack#766. A form, a `+json` type and a missing type arrive as base64.
 */
export function isTextType(contentType: string | undefined): boolean {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return type.startsWith('text/') || /^application\/(?:json|xml|javascript)$/.test(type);
}

function bodyFields(
  body: Buffer,
  contentType: string | undefined,
): Pick<APIGatewayProxyEventV2, 'body' | 'isBase64Encoded'> {
  if (body.length === 0) return { isBase64Encoded: false };
  if (!isTextType(contentType)) return { body: body.toString('base64'), isBase64Encoded: true };
  // Uncertain: the JSON of an event cannot contain bytes that are not UTF-8, so they most likely become U+FFFD,
  // and a signature over the original bytes then fails, here as there.
  return { body: body.toString('utf8'), isBase64Encoded: false };
}

function headersOf({ request, body, receivedAt }: EventSource, sourceIp: string): Record<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of rawHeaders(request)) {
    if (notForwarded.has(name)) continue;
    const earlier = headers.get(name);
    // A comma and no space, as captured on AWS; Node's own `headers` would drop some repeats and add a space.
    headers.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  headers.set('content-length', String(body.length));
  if (!headers.has('x-amzn-trace-id')) headers.set('x-amzn-trace-id', newTraceId(receivedAt));
  const forwardedFor = headers.get('x-forwarded-for');
  headers.set('x-forwarded-for', forwardedFor === undefined ? sourceIp : `${forwardedFor}, ${sourceIp}`);
  headers.set('x-forwarded-port', String(request.socket.localPort ?? ''));
  headers.set('x-forwarded-proto', 'http');
  return Object.fromEntries(headers);
}

function cookiesOf(request: IncomingMessage): string[] {
  return rawHeaders(request)
    .filter(([name]) => name === 'cookie')
    .flatMap(([, value]) => value.split(';'))
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie !== '');
}

function queryOf(rawQueryString: string): Record<string, string> | undefined {
  if (rawQueryString === '') return undefined;
  const query = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    const earlier = query.get(name);
    query.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return Object.fromEntries(query);
}

/** Every header line in the order sent, names in lower case. */
export function rawHeaders(request: IncomingMessage): [string, string][] {
  const lines: [string, string][] = [];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    lines.push([(request.rawHeaders[index] ?? '').toLowerCase(), request.rawHeaders[index + 1] ?? '']);
  }
  return lines;
}

function newTraceId(epochMilliseconds: number): string {
  const seconds = Math.floor(epochMilliseconds / 1000)
    .toString(16)
    .padStart(8, '0');
  return `Root=1-${seconds}-${randomBytes(12).toString('hex')}`;
}

function addressOf(request: IncomingMessage): string {
  return (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
}

/** The time as access logs of the Common Log Format write it: `10/Jul/2026:19:19:05 +0000`. */
function clfTime(epochMilliseconds: number): string {
  const [, day, month, year, time] = new Date(epochMilliseconds).toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}
