/**
 * The token endpoint: authorization code and refresh grants, over oauth4webapi. Platforms answer errors under
 * status 200 and successes with fields missing; an answer is first read for what it is, then checked as the RFCs say.
 */
import {
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  customFetch,
  getValidatedIdTokenClaims,
  nopkce,
  processAuthorizationCodeResponse,
  processRefreshTokenResponse,
  refreshTokenGrantRequest,
  skipStateCheck,
  type TokenEndpointResponse,
  validateApplicationLevelSignature,
  validateAuthResponse,
} from 'oauth4webapi';
import type { Answer, PlatformHttp } from '../platform-http/platform-http.ts';
import { Secret } from '../telemetry/secret.ts';
import { classifyFailure, jsonObject, lifetimeSeconds, type TokenOutcome, type TokenSet } from './outcome.ts';
import { authenticateClient, type ClientRegistration, type OAuthServer } from './server.ts';

export interface TokenClient {
  readonly server: OAuthServer;
  readonly registration: ClientRegistration;
  readonly http: PlatformHttp;
  readonly now: () => number;
}

export interface CodeRedemption {
  readonly code: Secret;
  readonly redirectUri: string;
  readonly verifier?: Secret;
  readonly nonce?: string;
}

/** Redeems a code (RFC 6749 section 4.1.3). Never repeated: a code works once, and a lost answer may have used it. */
export async function redeemCode(client: TokenClient, redemption: CodeRedemption): Promise<TokenOutcome> {
  const { server, registration } = client;
  const { metadata, party } = describe(client);
  // State and issuer were compared at the callback, before the code was kept.
  const callback = validateAuthResponse(
    metadata,
    party,
    new URLSearchParams({ code: redemption.code.reveal() }),
    skipStateCheck,
  );
  return readTokens(
    client,
    (options) =>
      authorizationCodeGrantRequest(
        metadata,
        party,
        authenticateClient(server.dialect, registration),
        callback,
        redemption.redirectUri,
        redemption.verifier?.reveal() ?? nopkce,
        options,
      ),
    async (response, options) => {
      const tokens = await processAuthorizationCodeResponse(metadata, party, response, {
        requireIdToken: server.dialect.idToken,
        ...(redemption.nonce !== undefined && { expectedNonce: redemption.nonce }),
      });
      if (server.dialect.idToken) {
        requireAuthorizedParty(getValidatedIdTokenClaims(tokens)?.['azp'], registration.clientId);
        await validateApplicationLevelSignature(metadata, response, options);
      }
      return tokens;
    },
  );
}

/** OpenID Connect Core section 3.1.3.7, step 5; the library asks it of ID tokens with several audiences only. */
function requireAuthorizedParty(party: unknown, clientId: string): void {
  if (party !== undefined && party !== clientId) {
    throw new Error('The ID token was issued for another authorized party.');
  }
}

/** Spends a refresh token (RFC 6749 section 6). */
export async function refreshTokens(client: TokenClient, refreshToken: Secret): Promise<TokenOutcome> {
  const { metadata, party } = describe(client);
  return readTokens(
    client,
    (options) =>
      refreshTokenGrantRequest(
        metadata,
        party,
        authenticateClient(client.server.dialect, client.registration),
        refreshToken.reveal(),
        options,
      ),
    (response) => processRefreshTokenResponse(metadata, party, response),
  );
}

interface CallOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly [customFetch]: (
    url: string,
    init: { method: string; headers: Record<string, string>; body?: unknown },
  ) => Promise<Response>;
  readonly [allowInsecureRequests]: true;
}

async function readTokens(
  client: TokenClient,
  request: (options: CallOptions) => Promise<Response>,
  process: (response: Response, options: CallOptions) => Promise<TokenEndpointResponse>,
): Promise<TokenOutcome> {
  const { dialect } = client.server;
  const calls: Answer[] = [];
  const options: CallOptions = {
    headers: dialect.headers,
    // The one gate for plain http is the platform client's, which knows the exact origins; two would disagree.
    [allowInsecureRequests]: true,
    [customFetch]: async (url, init) => {
      const answer = await client.http({
        url,
        method: init.method === 'GET' ? 'GET' : 'POST',
        headers: init.headers,
        ...(init.body instanceof URLSearchParams && { body: init.body }),
      });
      calls.push(answer);
      return answer.kind === 'answered'
        ? new Response(answer.body || null, {
            status: answer.status < 200 ? 502 : answer.status,
            headers: { 'content-type': 'application/json' },
          })
        : Response.error();
    },
  };
  await request(options).then((response) => response.body?.cancel());
  const answer = calls[0] ?? { kind: 'unreachable' };
  const given = answer.kind === 'answered' ? jsonObject(answer.body) : undefined;
  const body = given && (dialect.readTokenAnswer?.(given) ?? given);
  // Success is an access token, whatever the status; an error is its absence (facts: statuses are not reliable).
  if (
    answer.kind !== 'answered' ||
    typeof body?.['access_token'] !== 'string' ||
    body['access_token'] === ''
  ) {
    return classifyFailure(answer, dialect.errors, client.now(), dialect.readRefusal);
  }
  try {
    const tokens = await process(Response.json(standardBody(body, dialect)), options);
    // A token bound to a key we never showed is none we could use (RFC 9449).
    if (tokens.token_type !== 'bearer') return { kind: 'unknown', reason: 'unreadable_answer' };
    return { kind: 'granted', tokens: readTokenSet(tokens, body, dialect) };
  } catch {
    return { kind: 'unknown', reason: 'unreadable_answer' };
  }
}

/** The answer with what platforms leave out or mangle set right, so that the standard checks can run on the rest. */
function standardBody(
  body: Readonly<Record<string, unknown>>,
  dialect: OAuthServer['dialect'],
): Record<string, unknown> {
  const { expires_in, refresh_token, scope, token_type, id_token, ...rest } = body;
  const lifetime = lifetimeSeconds(expires_in);
  return {
    ...rest,
    token_type: typeof token_type === 'string' && token_type !== '' ? token_type : 'bearer',
    // What was not asked for is not looked at: a platform may sign it as it likes.
    ...(dialect.idToken && id_token !== undefined && { id_token }),
    ...(lifetime !== undefined && { expires_in: lifetime }),
    ...(typeof refresh_token === 'string' && refresh_token !== '' && { refresh_token }),
    ...(typeof scope === 'string' && { scope }),
  };
}

function readTokenSet(
  tokens: TokenEndpointResponse,
  body: Readonly<Record<string, unknown>>,
  dialect: OAuthServer['dialect'],
): TokenSet {
  const refreshLifetime = lifetimeSeconds(body['refresh_expires_in'] ?? body['refresh_token_expires_in']);
  const named = dialect.subjectField === undefined ? undefined : body[dialect.subjectField];
  const subject = typeof named === 'string' ? named : getValidatedIdTokenClaims(tokens)?.sub;
  return {
    accessToken: new Secret(tokens.access_token),
    tokenType: 'Bearer',
    ...(tokens.refresh_token !== undefined && { refreshToken: new Secret(tokens.refresh_token) }),
    ...(tokens.expires_in !== undefined && { expiresInSeconds: tokens.expires_in }),
    ...(refreshLifetime !== undefined && { refreshExpiresInSeconds: refreshLifetime }),
    ...(tokens.scope !== undefined && {
      scopes: tokens.scope.split(/[\s,]+/).filter((scope) => scope !== ''),
    }),
    ...(subject !== undefined && { subject }),
  };
}

function describe({ server, registration }: TokenClient) {
  return {
    metadata: {
      // Servers without an issuer identifier get a name nobody else has; it is compared with nothing.
      issuer: server.issuer ?? new URL(server.endpoints.token).origin,
      token_endpoint: server.endpoints.token,
      ...(server.endpoints.jwks !== undefined && { jwks_uri: server.endpoints.jwks }),
      ...(server.endpoints.revocation !== undefined && { revocation_endpoint: server.endpoints.revocation }),
    },
    party: { client_id: registration.clientId },
  };
}
