/**
 * What a function returned, as the answer that an HTTP API sends for it (payload format 2.0). Anything that the
 * format does not allow becomes AWS's plain 500, so that a malformed answer is met here first.
 */
import { validateHeaderName, validateHeaderValue } from 'node:http';

/** An answer ready to be written. */
export interface GatewayResponse {
  readonly status: number;
  /** Names in lower case; never `set-cookie`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Each one is a `Set-Cookie` line of its own. */
  readonly cookies: readonly string[];
  readonly body: Buffer;
}

// These are the connection's (RFC 9110 section 7.6.1), and the length is counted by the gateway. REST APIs
// rename some of them to `x-amzn-remapped-…`; whether HTTP APIs do is uncertain, so they are dropped.
const droppedHeaders = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
]);

/** The gateway's own answer: `{"message": …}`. */
export function gatewayMessage(status: number, message: string): GatewayResponse {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    cookies: [],
    body: Buffer.from(JSON.stringify({ message })),
  };
}

/** Interprets a function's result; `undefined` means that it is malformed. */
export function readResult(result: unknown): GatewayResponse | undefined {
  if (typeof result !== 'object' || result === null || !('statusCode' in result)) return inferred(result);
  const { statusCode } = result;
  if (!isStatus(statusCode)) return undefined;
  const headers = readHeaders(field(result, 'headers'));
  const cookies = readCookies(field(result, 'cookies'));
  const body = readBody(field(result, 'body'), field(result, 'isBase64Encoded'));
  if (headers === undefined || cookies === undefined || body === undefined) return undefined;
  const { 'set-cookie': setCookie, ...rest } = headers;
  return {
    status: statusCode,
    // What AWS adds to an answer without a type, after aws-lambda-dotnet's gateway emulator.
    headers: mayHaveBody(statusCode) ? { 'content-type': 'text/plain; charset=utf-8', ...rest } : rest,
    cookies: setCookie === undefined ? cookies : [setCookie, ...cookies],
    body: mayHaveBody(statusCode) ? body : Buffer.alloc(0),
  };
}

/** Without a status code the whole result is the body of a 200, a string without quotation marks. */
function inferred(result: unknown): GatewayResponse {
  const text = typeof result === 'string' ? result : JSON.stringify(result ?? null);
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    cookies: [],
    body: Buffer.from(text),
  };
}

// Stricter than AWS may be (a REST API accepts "201" as text): what passes here passes there.
function isStatus(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 200 && value <= 599;
}

function mayHaveBody(status: number): boolean {
  return status !== 204 && status !== 304;
}

function readHeaders(value: unknown): Record<string, string> | undefined {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) return undefined;
  const headers: [string, string][] = [];
  for (const [name, content] of Object.entries(value)) {
    if (!['string', 'number', 'boolean'].includes(typeof content)) return undefined;
    const text = String(content);
    if (!isHeader(name, text)) return undefined;
    if (!droppedHeaders.has(name.toLowerCase())) headers.push([name.toLowerCase(), text]);
  }
  return Object.fromEntries(headers);
}

function readCookies(value: unknown): string[] | undefined {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return undefined;
  const cookies = value.filter(
    (cookie): cookie is string => typeof cookie === 'string' && isHeader('set-cookie', cookie),
  );
  return cookies.length === value.length ? cookies : undefined;
}

function readBody(body: unknown, isBase64Encoded: unknown): Buffer | undefined {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body !== 'string') return undefined;
  if (isBase64Encoded !== true) return Buffer.from(body, 'utf8');
  return /^[A-Za-z0-9+/]*={0,2}$/.test(body) ? Buffer.from(body, 'base64') : undefined;
}

function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

function field(record: object, name: string): unknown {
  return Object.entries(record).find(([key]) => key === name)?.[1];
}
