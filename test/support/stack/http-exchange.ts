/** One HTTP request, sent exactly as told: headers may repeat, targets may be malformed, the caller may hang up. */
import { Agent, request as httpRequest } from 'node:http';

export interface RawRequest {
  readonly method: string;
  /** Path and query as they travel. */
  readonly target: string;
  /** Pairs, so that a name may repeat. */
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string | Uint8Array;
  /** Hangs up when it fires. */
  readonly signal?: AbortSignal;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Kept connections, so that thousands of requests do not exhaust the machine's ports. */
const agent = new Agent({ keepAlive: true, maxSockets: 8 });
const timeoutMilliseconds = 120_000;

export function exchange(origin: string, raw: RawRequest): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const { hostname, port, host } = new URL(origin);
  const length: readonly (readonly [string, string])[] =
    raw.body === undefined ? [] : [['content-length', String(Buffer.byteLength(raw.body))]];
  const message = httpRequest(
    {
      agent,
      hostname,
      port,
      method: raw.method,
      path: raw.target,
      headers: [['host', host], ...(raw.headers ?? []), ...length].flat(),
      timeout: timeoutMilliseconds,
      ...(raw.signal && { signal: raw.signal }),
    },
    (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const headers = new Headers();
        for (let index = 0; index + 1 < response.rawHeaders.length; index += 2) {
          headers.append(response.rawHeaders[index] ?? '', response.rawHeaders[index + 1] ?? '');
        }
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers, text });
      });
    },
  );
  message.on('timeout', () => message.destroy(new Error('The API did not answer in time.')));
  message.on('error', reject);
  message.end(raw.body);
  return promise;
}
