/**
 * The handshakes by which platforms verify an endpoint, and the answers to them. An echoed value is untrusted: it is
 * returned as plain text that no browser may interpret, and only up to a maximum length.
 */
import { Secret } from '../telemetry/secret.ts';
import { isSharedToken } from './shared-token.ts';
import { at, headerOf, parsedJson, type SignedRequest } from './verification.ts';

/** The immediate answer to a handshake; no event is handled. */
export interface HandshakeAnswer {
  readonly status: number;
  readonly contentType: 'text/plain; charset=utf-8';
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A secret that must be stored before the answer is sent: the platform sends it only here. */
  readonly planted?: Secret;
}

const longestChallenge = 1_024;
const longestValidationToken = 4_096;

/**
 * Meta: `GET ?hub.mode=subscribe&hub.verify_token=…&hub.challenge=…`.
 * @returns nothing when the request is no handshake; 403 when it does not know the verify token.
 * https://developers.facebook.com/docs/graph-api/webhooks/getting-started
 */
export function metaHandshake(
  request: Pick<SignedRequest, 'method' | 'query'>,
  verifyTokens: readonly Secret[],
): HandshakeAnswer | undefined {
  const query = new URLSearchParams(request.query);
  if (request.method !== 'GET' || !query.has('hub.mode')) return undefined;
  // Compared first in every case, so that the response time reveals nothing.
  const known = isSharedToken(onlyValue(query, 'hub.verify_token'), verifyTokens);
  const challenge = onlyValue(query, 'hub.challenge');
  const asked = onlyValue(query, 'hub.mode') === 'subscribe' && isEchoable(challenge, longestChallenge);
  return known && asked ? answer(200, challenge) : answer(403);
}

/**
 * Slack: `{"type":"url_verification","challenge":"…"}`, answered only when Slack signed it.
 * @param verification of this very request, by `slackSignature`.
 * https://docs.slack.dev/reference/events/url_verification
 */
export function slackHandshake(
  request: Pick<SignedRequest, 'body'>,
  verification: { readonly kind: string },
): HandshakeAnswer | undefined {
  if (verification.kind !== 'verified') return undefined;
  const body = parsedJson(request.body);
  if (at(body, ['type']) !== 'url_verification') return undefined;
  const challenge = at(body, ['challenge']);
  return isEchoable(challenge, longestChallenge) ? answer(200, challenge) : answer(400);
}

/**
 * Microsoft Graph: `POST ?validationToken=…`, answered with the token, decoded once. The request proves nothing about its
 * sender, and no secret is involved. https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks
 */
export function microsoftHandshake(
  request: Pick<SignedRequest, 'method' | 'query'>,
): HandshakeAnswer | undefined {
  const query = new URLSearchParams(request.query);
  if (request.method !== 'POST' || !query.has('validationToken')) return undefined;
  const token = onlyValue(query, 'validationToken');
  return isEchoable(token, longestValidationToken) ? answer(200, token) : answer(400);
}

/**
 * Asana: a POST with `X-Hook-Secret`, sent while the call that creates the webhook is still in flight.
 * @param armed whether this app expects a handshake; at any other time a stranger could plant a secret.
 * https://developers.asana.com/docs/webhooks-guide
 */
export function asanaHandshake(
  request: Pick<SignedRequest, 'method' | 'headers'>,
  armed: boolean,
): HandshakeAnswer | undefined {
  const presented = headerOf(request, 'x-hook-secret');
  if (request.method !== 'POST' || presented === undefined) return undefined;
  const acceptable = /^[A-Za-z0-9_-]{32,128}$/.test(presented);
  if (!armed || !acceptable || headerOf(request, 'x-hook-signature') !== undefined) return answer(403);
  return { ...answer(200, '', { 'x-hook-secret': presented }), planted: new Secret(presented) };
}

function onlyValue(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name);
  return values.length === 1 ? values[0] : undefined;
}

function isEchoable(value: unknown, longest: number): value is string {
  return typeof value === 'string' && value !== '' && value.length <= longest;
}

function answer(status: number, body = '', headers: Readonly<Record<string, string>> = {}): HandshakeAnswer {
  return {
    status,
    contentType: 'text/plain; charset=utf-8',
    body,
    headers: { ...headers, 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' },
  };
}
