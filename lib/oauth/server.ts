/** One authorization server as a client sees it: plain data, so that a flow can keep a snapshot of it. */
import type { ClientAuth } from 'oauth4webapi';
import type { Secret } from '../telemetry/secret.ts';
import type { ErrorTable, RefusalReader } from './outcome.ts';
import type { PkceMethod } from './pkce.ts';

/** Full URLs. Frozen into each flow when it starts; nothing in a callback can change where a code is sent. */
export interface Endpoints {
  readonly authorization: string;
  readonly token: string;
  readonly revocation?: string;
  readonly profile: string;
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
  | 'client_secret_post';

export type PkceMethodOrNone = PkceMethod | 'none';

/** How a platform speaks OAuth 2: everything a request or an answer depends on but the endpoints. */
export interface Dialect {
  readonly clientAuthentication: ClientAuthentication;
  /** Name of the client id in requests; `client_id` but for the odd platform. */
  readonly clientIdParameter: string;
  readonly scopeSeparator: ' ' | ',';
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
  /** Sent with every call, such as a User-Agent the platform insists on. */
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

/** oauth4webapi's client authentication for a dialect. */
export function authenticateClient(dialect: Dialect, registration: ClientRegistration): ClientAuth {
  const { clientId } = registration;
  const secret = registration.clientSecret.reveal();
  switch (dialect.clientAuthentication) {
    case 'client_secret_post':
      return (_server, _client, body) => {
        body.set(dialect.clientIdParameter, clientId);
        body.set('client_secret', secret);
      };
    case 'http_basic':
      return (_server, _client, _body, headers) => {
        headers.set('authorization', basic(clientId, secret));
      };
    case 'client_secret_basic':
      return (_server, _client, _body, headers) => {
        headers.set('authorization', basic(formEncoded(clientId), formEncoded(secret)));
      };
  }
}

const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const formEncoded = (text: string) => new URLSearchParams({ _: text }).toString().slice(2);
