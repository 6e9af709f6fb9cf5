/**
 * Reads the response of a token endpoint. Platforms send errors under status 200 and successes with missing members, so
 * this file first normalises a response and then has oauth4webapi check it as the RFCs say.
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
import { jsonObject, jsonObjectHead } from '../../json.ts';
import type { PlatformHttp, PlatformResponse } from '../../platform-http/platform-http.ts';
import { Secret } from '../../telemetry/secret.ts';
import { at, readScalar, readText } from '../json-path.ts';
import { classifyFailure, lifetimeSeconds, type TokenOutcome, type TokenSet } from '../outcome.ts';
import type { ClientRegistration, Dialect, OAuthServer, TokenAnswerPaths } from '../server.ts';

export interface ResponseReader {
  readonly server: OAuthServer;
  readonly registration: Pick<ClientRegistration, 'clientId'>;
  /** Fetches the signing keys of the server's ID tokens. */
  readonly http: PlatformHttp;
  readonly now: () => number;
}

type Body = Readonly<Record<string, unknown>>;

/**
 * Reads the response to a code, with every check: a code that fails costs nothing but another consent.
 * https://www.rfc-editor.org/rfc/rfc6749#section-5.1
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

/**
 * Reads the response to a refresh token. The server may have spent the old refresh token, so nothing beside a new access
 * token may cost the new ones: an ID token that fails its checks is ignored, and so is the rest of a body that is too
 * large or breaks off. https://www.rfc-editor.org/rfc/rfc6749#section-6
 */
export function readRefreshResponse(
  reader: ResponseReader,
  response: PlatformResponse,
): Promise<TokenOutcome> {
  const { metadata, party } = describe(reader);
  return readTokens(reader, recoverTokens(response, reader.server.dialect), async (checked, body) => {
    try {
      return await processRefreshTokenResponse(metadata, party, checked);
    } catch {
      const { id_token: _, ...tokens } = body;
      return processRefreshTokenResponse(metadata, party, Response.json(tokens));
    }
  });
}

/**
 * Treats a lost response as an answer when the part that arrived holds the tokens. After a broken connection that
 * includes the refresh token; where only the size cap ended the reading, the platform has sent all it wanted to.
 */
function recoverTokens(response: PlatformResponse, dialect: Dialect): PlatformResponse {
  if (response.kind !== 'lost' || response.head === undefined) return response;
  const given = jsonObjectHead(response.head.text);
  const body = given && readBody(given, dialect);
  if (body?.['access_token'] === undefined) return response;
  if (response.head.endedBy === 'connection' && body['refresh_token'] === undefined) return response;
  return { kind: 'answered', status: 200, headers: new Headers(), body: JSON.stringify(given) };
}

async function readTokens(
  { server: { dialect }, now }: ResponseReader,
  response: PlatformResponse,
  check: (response: Response, body: Body) => Promise<TokenEndpointResponse>,
): Promise<TokenOutcome> {
  const given = response.kind === 'answered' ? jsonObject(response.body) : undefined;
  const body = given && readBody(given, dialect);
  // An access token means success under any status; its absence means failure: platforms' statuses are unreliable.
  if (response.kind !== 'answered' || body?.['access_token'] === undefined) {
    return classifyFailure(response, dialect.errors, now(), dialect.readRefusal);
  }
  try {
    const tokens = await check(Response.json(body), body);
    // A sender-constrained token needs a key that this client does not have (RFC 9449).
    if (tokens.token_type !== 'bearer') return { kind: 'unknown', reason: 'unreadable_answer' };
    return { kind: 'granted', tokens: readTokenSet(tokens, given ?? {}, body, dialect) };
  } catch {
    return { kind: 'unknown', reason: 'unreadable_answer' };
  }
}

function readBody(given: Body, dialect: Dialect): Body {
  return standardBody(dialect.readTokenAnswer?.(given) ?? given, dialect);
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

/**
 * Converts the response to the members of RFC 6749 section 5.1 so that the standard checks can run. A member of a wrong
 * type is left out by itself, and so is every member that those checks would judge although nothing here reads it.
 */
function standardBody(given: Body, dialect: Dialect): Record<string, unknown> {
  const paths = dialect.tokenAnswer ?? standardPaths;
  const text = (path: string) => {
    const value = readScalar(given, path);
    return typeof value === 'string' ? value : undefined;
  };
  const { token_type, id_token } = given;
  const lifetime = lifetimeSeconds(readScalar(given, paths.expiresIn));
  const refreshLifetime = lifetimeSeconds(readScalar(given, paths.refreshExpiresIn));
  const [access, refresh] = [text(paths.accessToken), text(paths.refreshToken)];
  const scope = scopeText(given, dialect, paths.scope);
  return {
    ...(access !== undefined && { access_token: access }),
    token_type: tokenType(token_type),
    // An ID token that nobody asked for stays unread: platforms sign it in their own ways.
    ...(dialect.idToken && id_token !== undefined && { id_token }),
    ...(lifetime !== undefined && { expires_in: lifetime }),
    ...(refreshLifetime !== undefined && { refresh_expires_in: refreshLifetime }),
    ...(refresh !== undefined && { refresh_token: refresh }),
    ...(scope !== undefined && { scope }),
  };
}

/** Token types that this client cannot present: sender-constrained ones, and RFC 8693's "not an access token". */
const unusableType = /^(?:dpop|mac|pop|hok|holder[-_ ]?of[-_ ]?key|n[-_/ ]?a)$/i;

/** Every other type is bearer in another spelling: Slack says `bot` or `user`, others `BearerToken` or nothing. */
function tokenType(given: unknown): string {
  const type = typeof given === 'string' ? given.trim() : '';
  return unusableType.test(type) ? type : 'bearer';
}

/** Joins the granted scopes of every kind with spaces; platforms send text or a list. */
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

/** Fetches signing keys through the platform client, which alone knows the origins that may lack TLS. */
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
      // oauth4webapi needs an issuer; for a server without one nothing is compared with it.
      issuer: server.issuer ?? new URL(server.endpoints.token).origin,
      token_endpoint: server.endpoints.token,
      ...(server.endpoints.jwks !== undefined && { jwks_uri: server.endpoints.jwks }),
    },
    party: { client_id: registration.clientId },
  };
}
