/** Describes an authorization server to its client as plain data, so that a flow can store a snapshot. */
import type { Secret } from '../telemetry/secret.ts';
import type { TokenAccount } from './outcome.ts';
import type { PkceMethod } from './pkce.ts';
import type { ErrorTable, RefusalReader } from './refusal/refusal.ts';

/** Full URLs. Each flow freezes them when it starts: nothing in a callback can change where the code goes. */
export interface Endpoints {
  readonly authorization: string;
  readonly token: string;
  readonly revocation?: string;
  /** The refresh endpoint, where it differs from the token endpoint. */
  readonly refresh?: string;
  /** The endpoint that names the account; absent where the token response does. */
  readonly profile?: string;
  /** Signing keys of the server's ID tokens. */
  readonly jwks?: string;
  /** Further endpoints, by the platform's own names. */
  readonly others?: Readonly<Record<string, string>>;
}

/** Client authentication at the token endpoint. https://www.rfc-editor.org/rfc/rfc6749#section-2.3 */
export type ClientAuthentication =
  /** HTTP Basic with form-encoded id and secret (RFC 6749 section 2.3.1). */
  | 'client_secret_basic'
  /** HTTP Basic without form encoding, as servers older than the RFC expect (RFC 7617). */
  | 'http_basic'
  /** Client id and secret in the form body. */
  | 'client_secret_post'
  /** A public client: only the client id, in the form body. */
  | 'none';

/** How the parameters of a request travel. */
export type RequestFormat = 'form' | 'json' | 'query';

/** The paths of the members of a token response. */
export interface TokenAnswerPaths {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresIn: string;
  readonly refreshExpiresIn: string;
  readonly scope: string;
}

export type PkceMethodOrNone = PkceMethod | 'none';

/** The platform's OAuth 2 dialect: everything but the endpoints that requests and responses depend on. */
export interface Dialect {
  readonly clientAuthentication: ClientAuthentication;
  /** The name of the client id parameter, usually `client_id`. */
  readonly clientIdParameter: string;
  /** The names of other parameters, where they differ from RFC 6749. */
  readonly parameterNames?: {
    readonly clientSecret: string;
    readonly redirectUri: string;
    readonly code: string;
    readonly refreshToken: string;
  };
  /** Client authentication at a refresh, where it differs. */
  readonly refreshClientAuthentication?: ClientAuthentication;
  /** `form` when absent. */
  readonly tokenRequestFormat?: RequestFormat;
  /** Override the parameters of a code exchange; an empty value removes one. */
  readonly tokenParameters?: Readonly<Record<string, string>>;
  readonly refreshParameters?: Readonly<Record<string, string>>;
  /** The paths of a token response that differs from RFC 6749 section 5.1. */
  readonly tokenAnswer?: TokenAnswerPaths;
  readonly revocation?: RevocationDialect;
  readonly scopeSeparator: ' ' | ',';
  /** `scope` when absent. */
  readonly scopeParameter?: string;
  /** Scopes of a second kind. A local prefix marks them; requests omit the prefix and use a separate parameter. */
  readonly furtherScopes?: readonly {
    readonly prefix: string;
    readonly parameter: string;
    readonly granted: string;
  }[];
  /** The prefix that the platform adds to granted scopes. */
  readonly grantedPrefix?: string;
  /** Fixed per platform and never negotiated, so that nobody can downgrade it. */
  readonly pkce: PkceMethodOrNone;
  /** Added to every authorization request. */
  readonly authorizationParameters: Readonly<Record<string, string>>;
  /** Whether the server issues ID tokens. The code exchange verifies signature, `iss`, `aud`, `azp`, `nonce`, `exp`. */
  readonly idToken: boolean;
  /** The member of the token response that holds the user's id. */
  readonly subjectField?: string;
  readonly errors: ErrorTable;
  /** Converts a proprietary token response into the members of RFC 6749 section 5.1. */
  readonly readTokenAnswer?: (body: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
  /** Parses proprietary error responses. */
  readonly readRefusal?: RefusalReader;
  /** For platforms that report errors under status 200: tells whether a body is a success. */
  readonly succeeded?: (body: unknown) => boolean;
  /** Reads the account from the token response or the ID token. */
  readonly readAccount?: (answer: unknown, claims: unknown) => TokenAccount | undefined;
  /** Reads connection variables, such as host or shop, from the token response. */
  readonly readVariables?: (answer: unknown) => Readonly<Record<string, string>>;
  /** Sent with every call, such as a User-Agent that the platform requires. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A revocation request that differs from RFC 7009 section 2.1. `{token}` in a header stands for the token. */
export interface RevocationDialect {
  readonly method: 'POST' | 'DELETE' | 'GET';
  readonly format: RequestFormat;
  /** The name of the token parameter; empty where only a header carries the token. */
  readonly parameter: string;
  readonly hint: boolean;
  readonly authenticated: boolean;
  readonly parameters: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** An authorization server: its endpoints, issuer and dialect. */
export interface OAuthServer {
  readonly endpoints: Endpoints;
  /** The issuer identifier (RFC 9207, OpenID Connect), where the server has one. */
  readonly issuer?: string;
  /** Whether the server promises `iss` in authorization responses (RFC 9207 section 3). */
  readonly issuerInResponse: boolean;
  readonly dialect: Dialect;
}

export interface ClientRegistration {
  readonly clientId: string;
  readonly clientSecret: Secret;
}

/** Adds the client authentication to the parameters or headers of a request. https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1 */
export function authenticateClient(
  dialect: Pick<Dialect, 'clientAuthentication' | 'clientIdParameter' | 'parameterNames'>,
  registration: ClientRegistration,
): (body: URLSearchParams, headers: Headers) => void {
  const { clientId } = registration;
  const secret = registration.clientSecret.reveal();
  switch (dialect.clientAuthentication) {
    case 'client_secret_post':
      return (body) => {
        body.set(dialect.clientIdParameter, clientId);
        body.set(dialect.parameterNames?.clientSecret ?? 'client_secret', secret);
      };
    case 'none':
      return (body) => {
        body.set(dialect.clientIdParameter, clientId);
      };
    case 'http_basic':
      return (_body, headers) => {
        headers.set('authorization', basic(clientId, secret));
      };
    case 'client_secret_basic':
      return (_body, headers) => {
        headers.set('authorization', basic(formEncoded(clientId), formEncoded(secret)));
      };
  }
}

const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const formEncoded = (text: string) => new URLSearchParams({ _: text }).toString().slice(2);
