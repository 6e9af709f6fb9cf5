/** Whom a credential speaks for, and where the platform says so. */
import * as z from 'zod/mini';
import { headers, jsonPath, parameters, shortText, urlTemplate } from './text.ts';

/** Where the facts of an account stand. */
const places = {
  /** The stable id, never an email address or a name that can change hands; `a+b` is joined by a colon. */
  account: jsonPath,
  /** `text` where a number in its place is none of the platform's ids. */
  accountIs: z._default(z.enum(['any', 'text']), 'any'),
  /** What people call it; the id when empty. */
  name: z.exactOptional(jsonPath),
  /** Put before the name, such as `u/`; the name must then be there. */
  namePrefix: z.exactOptional(shortText),
  avatar: z.exactOptional(jsonPath),
  /** The platform's id of the user whose consent covers the account; the account's own when absent. */
  platformUser: z.exactOptional(jsonPath),
  /** What else tenants may see: never secrets, never contact data. */
  metadata: z._default(z.record(z.string().check(z.regex(/^[a-z]\w{0,39}$/i)), jsonPath), {}),
};

export const accountPlaces = z.strictObject(places);

/**
 * A call that names the account. Placeholders: the connection's and the app's, `{accessToken}`, `{clientId}` and, where
 * the token answer names the account, `{accountId}`. Other braces in a body are text.
 */
export const profile = z.strictObject({
  /** Absent where the server's metadata names it, as OpenID's userinfo endpoint. */
  url: z.exactOptional(urlTemplate),
  method: z._default(z.enum(['GET', 'POST']), 'GET'),
  query: parameters,
  /** Laid over the credential's own header and the definition's. */
  headers,
  body: z.exactOptional(z.string().check(z.maxLength(4_000))),
  /** A list in the answer; the places are then those in each of its entries. */
  list: z.exactOptional(jsonPath),
  ...places,
});

export type AccountPlaces = z.output<typeof accountPlaces>;
export type ProfileData = z.output<typeof profile>;
