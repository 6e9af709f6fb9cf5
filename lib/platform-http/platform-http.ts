/**
 * The only HTTP client for platforms: https only, a hard time-out, no redirects, a cap on the size of a response.
 * A failed call states whether the platform may have acted on it, because that decides whether a caller may retry.
 *
 *     const http = createPlatformHttp({ fetch, insecureOrigins: [] });
 *     const response = await http({ url: 'https://platform.example/me', method: 'GET' });
 */

/** The result of a call. Nothing here is an exception: a caller must handle every kind. */
export type PlatformResponse =
  | { readonly kind: 'answered'; readonly status: number; readonly headers: Headers; readonly body: string }
  /** The request never reached the platform. */
  | { readonly kind: 'unreachable' }
  /** The platform may have acted on the request, but the response did not arrive whole and in time. */
  | {
      readonly kind: 'lost';
      /** The part of the body that did arrive, and what ended it; only for requests with `keepHead`. */
      readonly head?: { readonly text: string; readonly endedBy: 'size' | 'connection' };
    };

export interface PlatformRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | URLSearchParams;
  /** For calls that must not delay their caller for long; {@link callTimeoutMilliseconds} when absent. */
  readonly timeoutMilliseconds?: number;
  /** For responses that must not be lost to their size; {@link largestAnswerBytes} when absent. */
  readonly largestBytes?: number;
  /** Whether the caller can use a body that breaks off. */
  readonly keepHead?: boolean;
}

export type PlatformHttp = (request: PlatformRequest) => Promise<PlatformResponse>;

/** Covers the whole call, from connect to the last byte. A lease must outlast it. */
export const callTimeoutMilliseconds = 10_000;
/** Token and profile responses are a few KiB; the client stops reading beyond this cap before memory fills up. */
const largestAnswerBytes = 256 * 1024;

/** Real origins and their replacements, such as `{"https://open.tiktokapis.com":"http://127.0.0.1:1"}`. */
export type Origins = Readonly<Record<string, string>>;

/**
 * Replaces the origin of a platform's URL as configured. Definitions hold the real URLs; calls and browser redirects
 * both go through this function.
 */
export function rewriteOrigin(url: string, origins: Origins = {}): URL {
  const real = new URL(url);
  const replacement = Object.hasOwn(origins, real.origin) ? origins[real.origin] : undefined;
  return replacement === undefined ? real : new URL(`${real.pathname}${real.search}`, replacement);
}

export function createPlatformHttp(deps: {
  readonly fetch: typeof fetch;
  /** Exact origins that may use plain http. */
  readonly insecureOrigins: readonly string[];
  /** Replacements for platforms' origins; see {@link rewriteOrigin}. */
  readonly origins?: Origins;
  readonly timeoutMilliseconds?: number;
}): PlatformHttp {
  const timeoutMilliseconds = deps.timeoutMilliseconds ?? callTimeoutMilliseconds;

  return async (request) => {
    const url = rewriteOrigin(request.url, deps.origins);
    if (url.protocol !== 'https:' && !deps.insecureOrigins.includes(url.origin)) {
      throw new Error('Refused to call a platform without TLS. Check the platform origins.');
    }
    try {
      const response = await deps.fetch(url, {
        method: request.method,
        headers: { accept: 'application/json', 'user-agent': 'hawser', ...request.headers },
        redirect: 'manual',
        signal: AbortSignal.timeout(request.timeoutMilliseconds ?? timeoutMilliseconds),
        ...(request.body !== undefined && { body: request.body }),
      });
      const { text, endedBy } = await readCapped(response, request.largestBytes ?? largestAnswerBytes);
      if (endedBy !== 'end') return { kind: 'lost', ...(request.keepHead && { head: { text, endedBy } }) };
      return { kind: 'answered', status: response.status, headers: response.headers, body: text };
    } catch (error) {
      return { kind: wasNeverSent(error) ? 'unreachable' : 'lost' };
    }
  };
}

async function readCapped(
  response: Response,
  largestBytes: number,
): Promise<{ readonly text: string; readonly endedBy: 'end' | 'size' | 'connection' }> {
  const chunks: Uint8Array[] = [];
  let left = largestBytes;
  let endedBy: 'end' | 'size' | 'connection' = 'end';
  try {
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk.subarray(0, left));
      left -= chunk.byteLength;
      if (left < 0) {
        endedBy = 'size';
        break;
      }
    }
  } catch {
    endedBy = 'connection';
  }
  return { text: decodeText(Buffer.concat(chunks)), endedBy };
}

/** Decodes UTF-8, or UTF-16 where a byte order mark says so. The decoder removes the mark. */
function decodeText(bytes: Buffer): string {
  const mark = bytes.subarray(0, 2).toString('hex');
  const encoding = mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}

/** Failures before the connection was established: nothing was sent, so the platform cannot have acted. */
const beforeConnection = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function wasNeverSent(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof AggregateError)
    return cause.errors.length > 0 && cause.errors.every(isBeforeConnection);
  return isBeforeConnection(cause);
}

/**
 * TLS: OpenSSL names the reasons to reject a certificate (X509_V_ERR_*) in these words, and Node has codes of its own.
 * The handshake errors listed here cannot follow a finished handshake; any other TLS error counts as lost.
 */
const rejectedCertificate =
  /^(?:CERT_|ERR_TLS_CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_CERT|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|CRL_|ERROR_IN_CERT_|PATH_LENGTH_EXCEEDED)/;
const failedHandshake =
  /^(?:ERR_SSL_(?:WRONG_VERSION_NUMBER|UNSUPPORTED_PROTOCOL|PACKET_LENGTH_TOO_LONG|(?:SSL\/)?TLSV1_UNRECOGNIZED_NAME|(?:SSL\/TLS_ALERT|SSLV3_ALERT|TLSV1_ALERT)_(?:HANDSHAKE_FAILURE|PROTOCOL_VERSION|UNRECOGNIZED_NAME|INSUFFICIENT_SECURITY)))$/;

function isBeforeConnection(error: unknown): boolean {
  const code = codeOf(error);
  return beforeConnection.has(code) || rejectedCertificate.test(code) || failedHandshake.test(code);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
