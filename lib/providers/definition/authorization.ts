/** How users consent: endpoints, scopes, PKCE and the callback. https://www.rfc-editor.org/rfc/rfc6749#section-4.1 */
import * as z from 'zod/mini';
import { jsonPath, parameterName, parameters, shortText, urlTemplate } from './text.ts';

export const endpoints = z.strictObject({
  authorization: urlTemplate,
  token: urlTemplate,
  /** Where tokens are refreshed, if not at the token endpoint. */
  refresh: z.exactOptional(urlTemplate),
  revocation: z.exactOptional(urlTemplate),
  /** Signing keys of the ID tokens. */
  jwks: z.exactOptional(urlTemplate),
  /** What only the platform's own code calls, by names that it knows. */
  others: z._default(z.record(z.string().check(z.regex(/^[a-z]\w{0,31}$/i)), urlTemplate), {}),
});

/** Endpoints that the server names itself (RFC 8414), read once, when an app is registered. */
export const discovery = z.strictObject({
  /** The issuer; the operator names one per app when absent. */
  issuer: z.exactOptional(urlTemplate),
});

/** A scope as RFC 6749 section 3.3 allows it. */
const scope = z
  .string()
  .check(z.regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/, 'must be a scope without blanks and quotes'));

export const scopes = z.strictObject({
  /** Scopes with their meanings. */
  known: z._default(z.record(scope, shortText), {}),
  /** Whether scopes that are not known may be asked for, too. */
  open: z._default(z.boolean(), true),
  /** Asked for when the tenant names none. */
  default: z._default(z.array(scope), []),
  /** Always asked for, because the account cannot be read without. */
  required: z._default(z.array(scope), []),
  separator: z._default(z.enum([' ', ',']), ' '),
  parameter: z._default(parameterName, 'scope'),
  /** A text before each granted scope that was not asked for, such as a resource's URL. */
  grantedPrefix: z.exactOptional(shortText),
  /** Scopes of a second kind: they begin with the prefix here, and travel without it in a parameter of their own. */
  further: z._default(
    z.array(
      z.strictObject({
        prefix: z.string().check(z.regex(/^[a-z]{1,16}:$/, 'must be a word and a colon')),
        parameter: parameterName,
        /** Where the token answer says which of them were granted. */
        granted: jsonPath,
      }),
    ),
    [],
  ),
});

/** The callback, where its parameters are not those of RFC 6749 section 4.1.2. */
export const callback = z.strictObject({
  /** The parameter that holds the code; `a|b` is the first that is present. */
  code: z._default(jsonPath, 'code'),
  /** A parameter with the hex HMAC-SHA-256, under the client secret, of all others in alphabetical order. */
  hmac: z.exactOptional(parameterName),
});

export const authorization = {
  endpoints: z.exactOptional(endpoints),
  discovery: z.exactOptional(discovery),
  /** Issuer identifiers whose `iss` is the server's own (RFC 9207). */
  issuers: z._default(z.array(urlTemplate), []),
  scopes: z.prefault(scopes, {}),
  /** `S256-hex` is TikTok's desktop flow; `none` only where the platform refuses it or documents none. */
  pkce: z._default(z.enum(['S256', 'S256-hex', 'none']), 'S256'),
  /** Added to every authorization request. */
  authorizationParameters: parameters,
  callback: z.prefault(callback, {}),
};
