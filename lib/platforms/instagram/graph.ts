/**
 * Calls to Meta's Graph API. Reading changes nothing and a token that is exchanged stays good, so calls are tried
 * twice unless the caller says otherwise; only a code must not be shown again.
 */
import { jsonObject } from '../../json.ts';
import { classifyFailure, type Failure, lifetimeSeconds } from '../../oauth/outcome.ts';
import type { PlatformResponse } from '../../platform-http/platform-http.ts';
import type { PlatformAccess } from '../../providers/adapter/platform-adapter.ts';
import { Secret } from '../../telemetry/secret.ts';

export interface GraphRequest {
  readonly url: string | undefined;
  readonly method?: 'GET' | 'DELETE';
  readonly query?: Readonly<Record<string, string>>;
  /** Shown in a header, where it cannot end up in a log of addresses. */
  readonly bearer?: string;
  /** How long one try may take. */
  readonly timeoutMilliseconds?: number;
  /** One, or two: a second try when the platform did not answer or answered 5xx. */
  readonly tries?: 1 | 2;
}

export const readTimeoutMilliseconds = 3_000;

/** The platform's raw answer. */
export async function callGraph(platform: PlatformAccess, request: GraphRequest): Promise<PlatformResponse> {
  if (request.url === undefined) throw new Error('The definition lacks an endpoint that its functions need.');
  const url = new URL(request.url);
  for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value);
  const ask = () =>
    platform.http({
      url: url.href,
      method: request.method ?? 'GET',
      timeoutMilliseconds: request.timeoutMilliseconds ?? readTimeoutMilliseconds,
      ...(request.bearer !== undefined && { headers: { authorization: `Bearer ${request.bearer}` } }),
    });
  const first = await ask();
  const hiccup = first.kind !== 'answered' || first.status >= 500;
  return hiccup && (request.tries ?? 2) === 2 ? ask() : first;
}

/** What an answer that was no success means. */
export function failureOf(platform: PlatformAccess, answer: PlatformResponse): Failure {
  const { errors, readRefusal: read } = platform.server.dialect;
  return classifyFailure(answer, errors, platform.now(), read);
}

/** Reads a resource: its JSON object, or why there is none. */
export async function readGraph(
  platform: PlatformAccess,
  request: GraphRequest,
): Promise<{ readonly kind: 'read'; readonly body: Readonly<Record<string, unknown>> } | Failure> {
  const answer = await callGraph(platform, request);
  const body = answer.kind === 'answered' ? jsonObject(answer.body) : undefined;
  if (answer.kind === 'answered' && answer.status < 300 && body && !('error' in body)) {
    return { kind: 'read', body };
  }
  return failureOf(platform, answer);
}

/** What an exchange gave. */
export interface ExchangedToken {
  readonly kind: 'exchanged';
  readonly token: Secret;
  readonly expiresInSeconds?: number;
}

/** Exchanges a code or a token that still lives for a token. Secrets go into the query, where Meta wants them. */
export async function exchangeToken(
  platform: PlatformAccess,
  request: GraphRequest,
): Promise<ExchangedToken | Failure> {
  return readExchange(platform, await callGraph(platform, request));
}

/** What an answer to an exchange gives. */
export function readExchange(platform: PlatformAccess, answer: PlatformResponse): ExchangedToken | Failure {
  const body = answer.kind === 'answered' ? jsonObject(answer.body) : undefined;
  const token = body?.['access_token'];
  if (typeof token !== 'string' || token === '') return failureOf(platform, answer);
  const expiresInSeconds = lifetimeSeconds(body?.['expires_in']);
  return {
    kind: 'exchanged',
    token: new Secret(token),
    ...(expiresInSeconds !== undefined && { expiresInSeconds }),
  };
}

/**
 * A failure of what follows a redemption or a refresh. It is never the app's fault: Meta has just accepted its secret,
 * and asking again with another one would only show a code that is spent. Nor does a lost answer leave anything in doubt.
 */
export function afterwards(failure: Failure): Failure {
  return failure.kind === 'misconfigured' || failure.kind === 'unknown'
    ? { kind: 'retryable', reason: failure.reason }
    : failure;
}
