/**
 * Parses an API Gateway event by a route's schemas. An error names the fields that are wrong, and never repeats their
 * values.
 */
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import * as z from 'zod/mini';
import type { Route } from '../../contract/route.ts';
import { IntegrationError } from '../../errors.ts';
import type { SignedRequest } from '../../signatures/verification.ts';

/** The parsed parts of a request to a route. */
export interface Parsed<R extends Route> {
  readonly params: z.output<R['params']>;
  readonly query: z.output<R['query']>;
  readonly body: R extends { readonly body: infer Schema extends z.ZodMiniType }
    ? z.output<Schema>
    : undefined;
}

/** Largest body of any route here, in bytes; the API takes ids and settings, not content. */
const largestBody = 16 * 1024;

/** @throws IntegrationError `INVALID_REQUEST`, `PAYLOAD_TOO_LARGE`, `UNSUPPORTED_MEDIA_TYPE`. */
export function parseRequest<R extends Route>(route: R, event: APIGatewayProxyEventV2): Parsed<R> {
  const body = route.body && check('body', route.body, readJson(event));
  return {
    params: check('path', route.params, event.pathParameters ?? {}),
    query: check('query', route.query, readQuery(event.rawQueryString, namesRead(route.query))),
    body,
  } as Parsed<R>;
}

/** Largest webhook, in bytes: with its envelope and base64 it must fit into one message of 1 MiB. */
const largestWebhook = 700 * 1024;

/** A platform's request: only the path is taken apart; the rest is proven before anything of it is read. */
export function unparsed(event: APIGatewayProxyEventV2) {
  return { params: { app: event.pathParameters?.['app'] ?? '' }, query: {}, body: undefined };
}

/** @throws IntegrationError `PAYLOAD_TOO_LARGE`. */
export function signedRequest(event: APIGatewayProxyEventV2): SignedRequest {
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (body.byteLength > largestWebhook) {
    throw new IntegrationError('PAYLOAD_TOO_LARGE', 'A webhook may have at most 700 KiB.');
  }
  return {
    method: event.requestContext.http.method,
    headers: event.headers,
    body,
    query: event.rawQueryString,
  };
}

/** The cookie of that name. Cookies come from the browser; a name that appears twice proves nothing. */
export function readCookie(event: APIGatewayProxyEventV2, name: string): string | undefined {
  const values = (event.cookies ?? []).flatMap((cookie) =>
    cookie.startsWith(`${name}=`) ? [cookie.slice(name.length + 1)] : [],
  );
  return values.length === 1 ? values[0] : undefined;
}

/**
 * The names of the parameters that a route reads, where it ignores all others: then only these must appear once and be
 * well-formed. Platforms and senders of links add parameters in any encoding, and more than once. A strict schema has
 * an opinion on every name, so that all are read.
 */
function namesRead(schema: z.ZodMiniType): readonly string[] | undefined {
  const isLoose = schema instanceof z.ZodMiniObject && schema.def.catchall === undefined;
  return isLoose ? namesIn(schema) : undefined;
}

function readQuery(raw: string, names: readonly string[] | undefined): Record<string, string> {
  const query = new Map<string, string>();
  for (const pair of raw === '' ? [] : raw.split('&')) {
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    if (names && (name === undefined || !names.includes(name))) continue;
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1));
    if (name === undefined || value === undefined) {
      throw new IntegrationError('INVALID_REQUEST', 'The query is not valid percent-encoded UTF-8.');
    }
    if (query.has(name)) {
      throw new IntegrationError('INVALID_REQUEST', 'A query parameter may appear only once.');
    }
    query.set(name, value);
  }
  return Object.fromEntries(query);
}

/** Decodes percent-encoded UTF-8; returns undefined when it is malformed. */
function decode(text: string): string | undefined {
  if (!/[%+]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

function readJson(event: APIGatewayProxyEventV2): unknown {
  const type = event.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new IntegrationError('UNSUPPORTED_MEDIA_TYPE', 'Send the body as application/json.');
  }
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.byteLength > largestBody) {
    throw new IntegrationError('PAYLOAD_TOO_LARGE', 'The body may have at most 16 KiB.');
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // The gateway has already replaced invalid bytes of a text body; what is left of them is still refused.
    if (!text.includes('\ufffd')) return JSON.parse(text);
  } catch {
    // Said below: the parser's own message would quote the input.
  }
  throw new IntegrationError('INVALID_REQUEST', 'The body must be JSON in UTF-8.');
}

function check<Schema extends z.ZodMiniType>(
  where: string,
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const fields = issues.map((issue) => [where, ...issue.path.map(String)].join('.'));
  const hasUnknown = issues.some(({ code }) => code === 'unrecognized_keys');
  throw new IntegrationError(
    'INVALID_REQUEST',
    'Some fields are missing, unknown or malformed. See details.fields and /openapi.json.',
    {
      details: {
        fields: [...new Set(fields)].filter(isFieldName).slice(0, 20),
        // The unknown name is input, and not repeated; beside the known ones it is found at once.
        ...(hasUnknown && { known: namesIn(schema) }),
      },
    },
  );
}

function namesIn(schema: z.ZodMiniType): readonly string[] {
  return schema instanceof z.ZodMiniObject ? Object.keys(schema.def.shape) : [];
}

/** Names of our own fields only: an unknown name is input, and input is not repeated. */
function isFieldName(name: string): boolean {
  return /^[A-Za-z.]{1,40}$|^[A-Za-z.]{1,40}\.\d{1,3}$/.test(name);
}
