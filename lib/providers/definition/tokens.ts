/** How tokens are asked for, read, refreshed and revoked. https://www.rfc-editor.org/rfc/rfc6749#section-5 */
import * as z from 'zod/mini';
import { headers, jsonPath, parameterName, parameters, seconds } from './text.ts';

/** How the client proves itself (RFC 6749 section 2.3.1). */
export const clientAuthentication = z.enum([
  /** Id and secret as parameters. */
  'client_secret_post',
  /** HTTP Basic, both form-encoded as the RFC says. */
  'client_secret_basic',
  /** HTTP Basic, both as they are (RFC 7617). */
  'http_basic',
  /** A public client: the id alone. */
  'none',
]);

/** Names of request parameters, where the platform has its own. */
const parameterNames = z.strictObject({
  clientId: z._default(parameterName, 'client_id'),
  clientSecret: z._default(parameterName, 'client_secret'),
  redirectUri: z._default(parameterName, 'redirect_uri'),
  code: z._default(parameterName, 'code'),
  refreshToken: z._default(parameterName, 'refresh_token'),
});

/** Where the token answer holds what. */
const tokenAnswer = z.strictObject({
  accessToken: z._default(jsonPath, 'access_token'),
  refreshToken: z._default(jsonPath, 'refresh_token'),
  expiresIn: z._default(jsonPath, 'expires_in'),
  refreshExpiresIn: z._default(jsonPath, 'refresh_expires_in|refresh_token_expires_in'),
  scope: z._default(jsonPath, 'scope'),
  /** The platform's id of the user who consented. */
  platformUser: z.exactOptional(jsonPath),
});

/** When an access token is refreshed: a share of its lifetime before the end, within bounds. */
const margin = z.strictObject({
  share: z._default(z.number().check(z.gte(0), z.lt(1, 'must be a share below 1')), 0.15),
  atLeastSeconds: z._default(seconds, 300),
  atMostSeconds: z._default(seconds, 3_600),
});

const refresh = z.strictObject({
  kind: z._default(
    z.enum([
      /** Each refresh gives a new refresh token and ends the old one; an answer without one keeps it. */
      'rotating',
      /** The refresh token stays. */
      'static',
      /** A living token is exchanged for one that lives longer; once expired it is lost. */
      're-exchange',
      /** Nothing can be refreshed. */
      'none',
    ]),
    'rotating',
  ),
  margin: z.prefault(margin, {}),
  /** Lifetime of an access token when the platform does not say; unknown when absent. */
  assumedLifetimeSeconds: z.exactOptional(seconds),
  /** Which connections are refreshed before anybody asks: those used lately, or all because they die otherwise. */
  proactive: z._default(z.enum(['in_use', 'always']), 'in_use'),
  /** Longest that a refresh token may lie unused, where it would die of idleness. */
  keepAliveSeconds: z.exactOptional(seconds),
  /** Age that a token must have before the platform refreshes it; asking earlier changes nothing. */
  minimumAgeSeconds: z.exactOptional(seconds),
  /** For how long a rotated refresh token still works. */
  rotationGraceSeconds: z.exactOptional(seconds),
});

/** Revocation; `endpoints` holds its URL. https://www.rfc-editor.org/rfc/rfc7009#section-2 */
const revocation = z.strictObject({
  /** What it ends: the tokens of one consent, or everything that the user ever granted this app. */
  reach: z._default(z.enum(['token', 'grant']), 'grant'),
  token: z._default(z.enum(['access_token', 'refresh_token']), 'refresh_token'),
  method: z._default(z.enum(['POST', 'DELETE', 'GET']), 'POST'),
  format: z._default(z.enum(['form', 'json', 'query']), 'form'),
  /** Name of the token's parameter; an empty one where it travels in the headers alone. */
  parameter: z._default(z.union([z.literal(''), parameterName]), 'token'),
  hint: z._default(z.boolean(), true),
  /** Whether the client proves itself as at the token endpoint. */
  authenticated: z._default(z.boolean(), true),
  parameters,
  /** `{token}` is the token. */
  headers,
});

export const tokens = {
  clientAuthentication: z._default(clientAuthentication, 'client_secret_post'),
  /** Where the client proves itself otherwise when it refreshes. */
  refreshClientAuthentication: z.exactOptional(clientAuthentication),
  tokenRequestFormat: z._default(z.enum(['form', 'json', 'query']), 'form'),
  parameterNames: z.prefault(parameterNames, {}),
  /** Added to, or in place of, the standard ones of an exchange; an empty value takes a standard one away. */
  tokenParameters: parameters,
  /** The same for a refresh. */
  refreshParameters: parameters,
  tokenAnswer: z.prefault(tokenAnswer, {}),
  /** Whether ID tokens are issued and verified. */
  idToken: z._default(z.boolean(), false),
  refresh: z.prefault(refresh, {}),
  /** Absent where the platform offers none; presumed where it has an endpoint. */
  revocation: z.exactOptional(revocation),
};
