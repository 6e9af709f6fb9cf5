/**
 * What a token endpoint answered. Platforms answer errors under status 200 and successes with fields missing; an answer
 * is first read for what it is, then checked as the RFCs say, by oauth4webapi.
 */
import {
  allowInsecureRequests,
  customFetch,
  getValidatedIdTokenClaims,
  processAuthorizationCodeResponse,
  processRefreshTokenResponse,
  type TokenEndpointResponse,
  validateApplicationLevelSignature,
} from 'oauth4webapi';
import { jsonObject } from '../json.ts';
import type { PlatformHttp, PlatformResponse } from '../platform-http/platform-http.ts';
import { Secret } from '../telemetry/secret.ts';
import { at, readScalar, readText } from './json-path.ts';
import { classifyFailure, lifetimeSeconds, type TokenOutcome, type TokenSet } from './outcome.ts';
import type { ClientRegistration, Dialect, OAuthServer, TokenAnswerPaths } from './server.ts';

export interface ResponseReader {
  readonly server: OAuthServer;
  readonly registration: Pick<ClientRegistration, 'clientId'>;
  /** Fetches the keys of the server's ID tokens, where there are any. */
  readonly http: PlatformHttp;
  readonly now: () => number;
}

type Body = Readonly<Record<string, unknown>>;

/**
 * The answer to a code. https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 * https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
 */
export function readCodeResponse(
  reader: ResponseReader,
  answer: PlatformResponse,
  nonce: string | undefined,
): Promise<TokenOutcome> {
  const { dialect } = reader.server;
  const { metadata, party } = describe(reader);
  return readTokens(reader, answer, async (response) => {
    const tokens = await processAuthorizationCodeResponse(metadata, party, response, {
      requireIdToken: dialect.idToken,
      ...(nonce !== undefined && { expectedNonce: nonce }),
    });
    if (dialect.idToken) {
      requireAuthorizedParty(getValidatedIdTokenClaims(tokens)?.['azp'], party.client_id);
      await validateApplicationLevelSignature(metadata, response, keysOver(reader.http));
    }
    return tokens;
  });
}

/** The answer to a refresh token. https://www.rfc-editor.org/rfc/rfc6749#section-6 */
export function readRefreshResponse(reader: ResponseReader, answer: PlatformResponse): Promise<TokenOutcome> {
  const { metadata, party } = describe(reader);
  return readTokens(reader, answer, (response) => processRefreshTokenResponse(metadata, party, response));
}

async function readTokens(
  { server: { dialect }, now }: ResponseReader,
  answer: PlatformResponse,
  check: (response: Response) => Promise<TokenEndpointResponse>,
): Promise<TokenOutcome> {
  const given = answer.kind === 'answered' ? jsonObject(answer.body) : undefined;
  const body = given && standardBody(dialect.readTokenAnswer?.(given) ?? given, dialect);
  // Success is an access token, whatever the status; an error is its absence (facts: statuses are not reliable).
  if (answer.kind !== 'answered' || body?.['access_token'] === undefined) {
    return classifyFailure(answer, dialect.errors, now(), dialect.readRefusal);
  }
  try {
    const tokens = await check(Response.json(body));
    // A token bound to a key we never showed is none we could use (RFC 9449).
    if (tokens.token_type !== 'bearer') return { kind: 'unknown', reason: 'unreadable_answer' };
    return { kind: 'granted', tokens: readTokenSet(tokens, given ?? {}, body, dialect) };
  } catch {
    return { kind: 'unknown', reason: 'unreadable_answer' };
  }
}

/** OpenID Connect Core section 3.1.3.7, step 5; the library asks it of ID tokens with several audiences only. */
function requireAuthorizedParty(party: unknown, clientId: string): void {
  if (party !== undefined && party !== clientId) {
    throw new Error('The ID token was issued for another authorized party.');
  }
}

const standardPaths: TokenAnswerPaths = {
  accessToken: 'access_token',
  refreshToken: 'refresh_token',
  expiresIn: 'expires_in',
  refreshExpiresIn: 'refresh_expires_in|refresh_token_expires_in',
  scope: 'scope',
};

/** The answer in the words of RFC 6749, with what platforms leave out or mangle set right, so that the standard checks can run. */
function standardBody(given: Body, dialect: Dialect): Record<string, unknown> {
  const paths = dialect.tokenAnswer ?? standardPaths;
  const text = (path: string) => {
    const value = readScalar(given, path);
    return typeof value === 'string' ? value : undefined;
  };
  const {
    token_type,
    id_token,
    access_token: _a,
    refresh_token: _r,
    expires_in: _e,
    scope: _s,
    ...rest
  } = given;
  const lifetime = lifetimeSeconds(readScalar(given, paths.expiresIn));
  const refreshLifetime = lifetimeSeconds(readScalar(given, paths.refreshExpiresIn));
  const [access, refresh] = [text(paths.accessToken), text(paths.refreshToken)];
  const scope = scopeText(given, dialect, paths.scope);
  return {
    ...rest,
    ...(access !== undefined && { access_token: access }),
    token_type: tokenType(token_type),
    // What was not asked for is not looked at: a platform may sign it as it likes.
    ...(dialect.idToken && id_token !== undefined && { id_token }),
    ...(lifetime !== undefined && { expires_in: lifetime }),
    ...(refreshLifetime !== undefined && { refresh_expires_in: refreshLifetime }),
    ...(refresh !== undefined && { refresh_token: refresh }),
    ...(scope !== undefined && { scope }),
  };
}

/** Slack says `bot` or `user`, and others nothing, of what is a bearer token all the same. */
function tokenType(given: unknown): string {
  if (typeof given !== 'string' || given === '') return 'bearer';
  return /^(?:bot|user)$/i.test(given) ? 'bearer' : given;
}

/** The scopes granted, of every kind, parted by blanks: text or list, as platforms give them. */
function scopeText(given: Body, dialect: Dialect, path: string): string | undefined {
  const main = scopesAt(given, path);
  const further = (dialect.furtherScopes ?? []).flatMap(({ prefix, granted }) =>
    (scopesAt(given, granted) ?? []).map((scope) => `${prefix}${scope}`),
  );
  if (main === undefined && further.length === 0) return undefined;
  const own = (scope: string) =>
    dialect.grantedPrefix !== undefined && scope.startsWith(dialect.grantedPrefix)
      ? scope.slice(dialect.grantedPrefix.length)
      : scope;
  return [...(main ?? []).map(own), ...further].join(' ');
}

function scopesAt(given: Body, path: string): readonly string[] | undefined {
  const value = path
    .split('|')
    .map((one) => at(given, one))
    .find((one) => typeof one === 'string' || Array.isArray(one));
  if (typeof value === 'string') return value.split(/[\s,]+/).filter((scope) => scope !== '');
  // A list under the standard name is none of RFC 6749's; one elsewhere is what the definition says it is.
  return Array.isArray(value) && path !== standardPaths.scope ? value.map(String) : undefined;
}

function readTokenSet(tokens: TokenEndpointResponse, given: Body, body: Body, dialect: Dialect): TokenSet {
  const refreshLifetime = lifetimeSeconds(body['refresh_expires_in']);
  const claims = getValidatedIdTokenClaims(tokens);
  const named = dialect.subjectField === undefined ? undefined : readText(given, dialect.subjectField);
  const subject = named ?? claims?.sub;
  const account = dialect.readAccount?.(given, claims);
  const variables = dialect.readVariables?.(given);
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
    ...(account && { account }),
    ...(variables && { variables }),
  };
}

/** The requests for signing keys go the one way out, which alone knows the origins that need no TLS. */
function keysOver(http: PlatformHttp) {
  return {
    [allowInsecureRequests]: true,
    [customFetch]: async (url: string) => {
      const answer = await http({ url, method: 'GET' });
      return answer.kind === 'answered'
        ? new Response(answer.body || null, {
            status: answer.status < 200 ? 502 : answer.status,
            headers: { 'content-type': 'application/json' },
          })
        : Response.error();
    },
  } as const;
}

function describe({ server, registration }: Pick<ResponseReader, 'server' | 'registration'>) {
  return {
    metadata: {
      // Servers without an issuer identifier get a name nobody else has; it is compared with nothing.
      issuer: server.issuer ?? new URL(server.endpoints.token).origin,
      token_endpoint: server.endpoints.token,
      ...(server.endpoints.jwks !== undefined && { jwks_uri: server.endpoints.jwks }),
    },
    party: { client_id: registration.clientId },
  };
}
