/** One authorization server as a client sees it: plain data, so that a flow can keep a snapshot of it. */
import type { Secret } from '../telemetry/secret.ts';
import type { ErrorTable, RefusalReader, TokenAccount } from './outcome.ts';
import type { PkceMethod } from './pkce.ts';

/** Full URLs. Frozen into each flow when it starts; nothing in a callback can change where a code is sent. */
export interface Endpoints {
  readonly authorization: string;
  readonly token: string;
  readonly revocation?: string;
  /** Where tokens are refreshed, if not at the token endpoint. */
  readonly refresh?: string;
  /** The call that names the account; absent where the token answer does. */
  readonly profile?: string;
  /** Signing keys of the server's ID tokens. */
  readonly jwks?: string;
  /** What a platform needs beside the standard ones, by its own names. */
  readonly others?: Readonly<Record<string, string>>;
}

/** How the client proves itself at the token endpoint. */
export type ClientAuthentication =
  /** HTTP Basic with form-encoded id and secret (RFC 6749 section 2.3.1). */
  | 'client_secret_basic'
  /** HTTP Basic with id and secret as they are, as servers older than the RFC expect (RFC 7617). */
  | 'http_basic'
  /** Both in the form body. */
  | 'client_secret_post'
  /** A public client: the id alone in the form body. */
  | 'none';

/** How the parameters of a request travel. */
export type RequestFormat = 'form' | 'json' | 'query';

/** Where a token answer holds what, as paths. */
export interface TokenAnswerPaths {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresIn: string;
  readonly refreshExpiresIn: string;
  readonly scope: string;
}

export type PkceMethodOrNone = PkceMethod | 'none';

/** How a platform speaks OAuth 2: everything a request or an answer depends on but the endpoints. */
export interface Dialect {
  readonly clientAuthentication: ClientAuthentication;
  /** Name of the client id in requests; `client_id` but for the odd platform. */
  readonly clientIdParameter: string;
  /** Names of other parameters, where they are not those of RFC 6749. */
  readonly parameterNames?: {
    readonly clientSecret: string;
    readonly redirectUri: string;
    readonly code: string;
    readonly refreshToken: string;
  };
  /** Where the client proves itself otherwise when it refreshes. */
  readonly refreshClientAuthentication?: ClientAuthentication;
  /** `form` when absent. */
  readonly tokenRequestFormat?: RequestFormat;
  /** Laid over the parameters of an exchange; an empty value takes one away. */
  readonly tokenParameters?: Readonly<Record<string, string>>;
  readonly refreshParameters?: Readonly<Record<string, string>>;
  /** Where the token answer differs from RFC 6749 section 5.1. */
  readonly tokenAnswer?: TokenAnswerPaths;
  readonly revocation?: RevocationDialect;
  readonly scopeSeparator: ' ' | ',';
  /** `scope` when absent. */
  readonly scopeParameter?: string;
  /** Scopes of a second kind, told by a prefix that does not travel, with a parameter of their own. */
  readonly furtherScopes?: readonly {
    readonly prefix: string;
    readonly parameter: string;
    readonly granted: string;
  }[];
  /** Put by the platform before scopes that were granted. */
  readonly grantedPrefix?: string;
  /** A fact about the platform, never negotiated at run time, so that nobody can talk it down. */
  readonly pkce: PkceMethodOrNone;
  /** Added to every authorization request. */
  readonly authorizationParameters: Readonly<Record<string, string>>;
  /** Whether ID tokens are issued; then signature, `iss`, `aud`, `azp`, `nonce` and `exp` are verified. */
  readonly idToken: boolean;
  /** Name of the field of the token answer that holds the user's id, where there is one. */
  readonly subjectField?: string;
  readonly errors: ErrorTable;
  /** For a platform that words a token answer in its own way: puts it into the words of RFC 6749 section 5.1. */
  readonly readTokenAnswer?: (body: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
  /** For a platform that words its refusals in its own way. */
  readonly readRefusal?: RefusalReader;
  /** For a platform that refuses under status 200: whether an answer's body is a success. */
  readonly succeeded?: (body: unknown) => boolean;
  /** For a platform whose token answer or ID token names the account. */
  readonly readAccount?: (answer: unknown, claims: unknown) => TokenAccount | undefined;
  /** For a platform whose token answer says which host or shop the connection is at. */
  readonly readVariables?: (answer: unknown) => Readonly<Record<string, string>>;
  /** Sent with every call, such as a User-Agent the platform insists on. */
  readonly headers: Readonly<Record<string, string>>;
}

/** How a revocation is asked for, where it is not as RFC 7009 section 2.1 says. `{token}` in a header is the token. */
export interface RevocationDialect {
  readonly method: 'POST' | 'DELETE' | 'GET';
  readonly format: RequestFormat;
  /** Name of the token's parameter; empty where it travels in the headers alone. */
  readonly parameter: string;
  readonly hint: boolean;
  readonly authenticated: boolean;
  readonly parameters: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** An authorization server: where it is, who it says it is, and how it speaks. */
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

/** Puts the client's proof into a request's parameters or headers. https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1 */
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
