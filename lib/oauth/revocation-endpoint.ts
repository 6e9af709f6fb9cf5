/** Revokes tokens. A token that is already dead counts as revoked; a lost response counts as not revoked. */
import { jsonObject } from '../json.ts';
import type { PlatformHttp, PlatformRequest, PlatformResponse } from '../platform-http/platform-http.ts';
import type { Secret } from '../telemetry/secret.ts';
import type { TokenKind } from '../vocabulary.ts';
import { classifyFailure, type RevocationOutcome } from './outcome.ts';
import type { ClientRegistration, OAuthServer, RevocationDialect } from './server.ts';
import { authenticatedRequest } from './token/token-request.ts';

/** Short, because a caller can retry a revocation. */
const timeoutMilliseconds = 5_000;

/** https://www.rfc-editor.org/rfc/rfc7009#section-2.1 */
const standard: RevocationDialect = {
  method: 'POST',
  format: 'form',
  parameter: 'token',
  hint: true,
  authenticated: true,
  parameters: {},
  headers: {},
};

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
  const answer = await client.http(revocationRequest(client, token, hint));
  return readRevocationResponse(client.server, answer, client.now());
}

/** Builds the request. https://www.rfc-editor.org/rfc/rfc7009#section-2.1 */
export function revocationRequest(
  { server, registration }: { readonly server: OAuthServer; readonly registration: ClientRegistration },
  token: Secret,
  hint: TokenKind,
): PlatformRequest {
  const { dialect, endpoints } = server;
  if (endpoints.revocation === undefined) throw new Error('This platform has no revocation endpoint.');
  const how = dialect.revocation ?? standard;
  const withToken = (text: string) => text.replaceAll('{token}', token.reveal());
  const request = authenticatedRequest(dialect, registration, {
    url: endpoints.revocation,
    format: how.format,
    method: how.method,
    parameters: {
      ...(how.parameter !== '' && { [how.parameter]: token.reveal() }),
      ...(how.hint && { token_type_hint: hint }),
      ...mapValues(how.parameters, withToken),
    },
    headers: mapValues(how.headers, withToken),
    ...(how.authenticated && { authentication: dialect.clientAuthentication }),
  });
  return { ...request, timeoutMilliseconds };
}

/** Reads the response. https://www.rfc-editor.org/rfc/rfc7009#section-2.2 */
export function readRevocationResponse(
  { dialect }: Pick<OAuthServer, 'dialect'>,
  answer: PlatformResponse,
  now: number,
): RevocationOutcome {
  const body = answer.kind === 'answered' ? jsonObject(answer.body) : undefined;
  const refused = body?.['error'] !== undefined || (body && dialect.succeeded?.(body) === false);
  if (answer.kind === 'answered' && answer.status < 300 && !refused) return { kind: 'revoked' };
  const failure = classifyFailure(answer, dialect.errors, now, dialect.readRefusal);
  // RFC 7009 section 2.2: a token that the server no longer knows needs no revocation.
  if (failure.kind === 'reconnect_required') return { kind: 'revoked' };
  // Revoking twice is harmless, so the caller may retry after a lost response.
  return failure.kind === 'unknown' ? { kind: 'retryable', reason: failure.reason } : failure;
}

function mapValues(
  record: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
