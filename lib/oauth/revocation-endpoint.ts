/** Token revocation (RFC 7009): an already dead token counts as revoked, a silent server as still holding it. */

import type { PlatformHttp } from '../platform-http/platform-http.ts';
import type { Secret } from '../telemetry/secret.ts';
import type { TokenKind } from '../vocabulary.ts';
import { classifyFailure, jsonObject, type RevocationOutcome } from './outcome.ts';
import { authenticateClient, type ClientRegistration, type OAuthServer } from './server.ts';

/** A revocation can be tried again, so it does not hold its caller up for long. */
const timeoutMilliseconds = 5_000;

export async function revokeToken(
  client: {
    readonly server: OAuthServer;
    readonly registration: ClientRegistration;
    readonly http: PlatformHttp;
    readonly now: () => number;
  },
  token: Secret,
  hint: TokenKind,
): Promise<RevocationOutcome> {
  const { server, registration } = client;
  const endpoint = server.endpoints.revocation;
  if (endpoint === undefined)
    throw new Error('A token was to be revoked at a platform without a revocation endpoint.');
  const body = new URLSearchParams({ token: token.reveal(), token_type_hint: hint });
  const headers = new Headers(server.dialect.headers);
  await authenticateClient(server.dialect, registration)(
    { issuer: new URL(endpoint).origin },
    { client_id: registration.clientId },
    body,
    headers,
  );
  const answer = await client.http({
    url: endpoint,
    method: 'POST',
    headers: Object.fromEntries(headers),
    body,
    timeoutMilliseconds,
  });
  const error = answer.kind === 'answered' ? jsonObject(answer.body)?.['error'] : undefined;
  if (answer.kind === 'answered' && answer.status < 300 && error === undefined) return { kind: 'revoked' };
  const { errors, readRefusal } = server.dialect;
  const failure = classifyFailure(answer, errors, client.now(), readRefusal);
  // RFC 7009 section 2.2: a token the server no longer knows is what was wanted.
  if (failure.kind === 'reconnect_required') return { kind: 'revoked' };
  // Revoking twice does no harm, so a lost answer is simply tried again.
  return failure.kind === 'unknown' ? { kind: 'retryable', reason: failure.reason } : failure;
}
