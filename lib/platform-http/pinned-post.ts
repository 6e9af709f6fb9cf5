/**
 * The only client for URLs that outsiders choose: it POSTs to a host whose addresses are public at the moment of the
 * call. It follows no redirect, keeps only status and `Retry-After` of the response, and always ends in time.
 */
import { request as startRequest } from 'node:http';
import type { Socket } from 'node:net';
import { mostTries, type Opened, openPinned, type PinnedConnectionDeps } from './pinned-connection.ts';
import { parsePinnedUrl } from './pinned-url.ts';

export interface PinnedRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The result of a call; nothing here is an exception. */
export type PinnedAnswer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** The raw `Retry-After` header. */
      readonly retryAfter?: string;
    }
  /** The URL or one of its addresses is not allowed. Nothing was sent. */
  | { readonly kind: 'refused' }
  /** No connection was established in time. Nothing was sent. */
  | { readonly kind: 'unreachable' }
  /** The receiver may have acted on the request, but no response arrived in time. */
  | { readonly kind: 'lost' };

export type PinnedPost = (request: PinnedRequest) => Promise<PinnedAnswer>;

export interface PinnedPostDeps extends PinnedConnectionDeps {
  /** From the DNS lookup to the established connection. */
  readonly connectMilliseconds?: number;
  /** The whole call. */
  readonly totalMilliseconds?: number;
}

export const connectMilliseconds = 3_000;
export const totalMilliseconds = 10_000;
/** Read and discarded so that the receiver can finish its response; beyond it the client closes the connection. */
const mostAnswerBytes = 4 * 1_024;

export function createPinnedPost(deps: PinnedPostDeps): PinnedPost {
  return async (request) => {
    const url = parseOrNothing(request.url, deps.insecureOrigins);
    if (!url) return { kind: 'refused' };
    const total = AbortSignal.timeout(deps.totalMilliseconds ?? totalMilliseconds);
    const patience = deps.connectMilliseconds ?? connectMilliseconds;
    const connecting = AbortSignal.any([total, AbortSignal.timeout(patience)]);
    const opened: Opened = await openPinned(deps, url, connecting, Math.ceil(patience / mostTries));
    if (opened.kind !== 'open') return opened;
    try {
      return await send(opened.socket, url, request, total);
    } finally {
      opened.socket.destroy();
    }
  };
}

function send(
  socket: Socket,
  url: URL,
  { headers, body }: PinnedRequest,
  signal: AbortSignal,
): Promise<PinnedAnswer> {
  return new Promise((settle) => {
    const request = startRequest({
      createConnection: () => socket,
      method: 'POST',
      path: `${url.pathname}${url.search}`,
      headers: { ...headers, host: url.host, 'user-agent': 'hawser', 'content-length': body.byteLength },
      signal,
    });
    let answer: PinnedAnswer = { kind: 'lost' };
    request.on('error', () => settle(answer));
    // Also covers a protocol upgrade.
    request.on('close', () => settle(answer));
    request.once('response', (response) => {
      const { 'retry-after': retryAfter } = response.headers;
      answer = {
        kind: 'answered',
        status: response.statusCode ?? 0,
        ...(retryAfter !== undefined && { retryAfter }),
      };
      let left = mostAnswerBytes;
      response.on('data', (chunk: Uint8Array) => {
        left -= chunk.byteLength;
        if (left < 0) response.destroy();
      });
      response.on('error', () => settle(answer));
      response.on('close', () => settle(answer));
    });
    request.end(body);
  });
}

function parseOrNothing(text: string, insecureOrigins: readonly string[]): URL | undefined {
  try {
    return parsePinnedUrl(text, insecureOrigins);
  } catch {
    return undefined;
  }
}
