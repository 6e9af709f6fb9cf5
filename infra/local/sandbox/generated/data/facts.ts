/**
 * What a generated platform reads of a provider's data. The names are those of the schema in `lib/providers/definition`,
 * so that data which the schema has read fits as it is; nothing else is shared with the product, which stands on the
 * other side of the wire.
 */
type Texts = Readonly<Record<string, string>>;

export type ClientAuthentication = 'client_secret_post' | 'client_secret_basic' | 'http_basic' | 'none';
export type RequestFormat = 'form' | 'json' | 'query';

/** A variable of the connection, which stands as `{name}` in URLs. */
export interface VariableFacts {
  readonly pattern: string;
  readonly example?: string;
  readonly default?: string;
  /** Where the platform names it, when the user does not enter it. */
  readonly from?: { readonly callback: string } | { readonly tokenAnswer: string };
  /** Takes the value out of the text that the platform sends, as its one group. */
  readonly extract?: string;
}

/** Where an answer names an account; paths as in `data.id`, `a|b` for the first of two, `a+b` for both. */
export interface AccountFacts {
  readonly account: string;
  /** `text` where ids are never numbers. */
  readonly accountIs: 'any' | 'text';
  readonly name?: string;
  readonly avatar?: string;
  readonly platformUser?: string;
  readonly metadata: Texts;
}

export interface ProfileFacts extends AccountFacts {
  /** Absent where only the server's metadata names it, which a generated platform has none of. */
  readonly url?: string;
  readonly method: 'GET' | 'POST';
  readonly query: Texts;
  readonly headers: Texts;
  readonly body?: string;
  /** The list in the answer whose entries hold the paths. */
  readonly list?: string;
}

export interface RevocationFacts {
  readonly reach: 'token' | 'grant';
  readonly token: 'access_token' | 'refresh_token';
  readonly method: 'POST' | 'DELETE' | 'GET';
  readonly format: RequestFormat;
  readonly parameter: string;
  readonly authenticated: boolean;
  readonly parameters: Texts;
  readonly headers: Texts;
}

export interface ScopeFacts {
  readonly known: Texts;
  readonly open: boolean;
  readonly default: readonly string[];
  readonly required: readonly string[];
  readonly separator: ' ' | ',';
  readonly parameter: string;
  /** Stands before each scope in the token answer. */
  readonly grantedPrefix?: string;
  /** Scopes that travel without their prefix in a parameter of their own. */
  readonly further: readonly {
    readonly prefix: string;
    readonly parameter: string;
    readonly granted: string;
  }[];
}

export interface GeneratedPlatformFacts {
  readonly id: string;
  readonly name: string;
  readonly connectionFields: Readonly<Record<string, VariableFacts>>;
  readonly appSettings: Readonly<Record<string, { readonly pattern?: string }>>;
  /** Demanded on every call but those of the browser. */
  readonly headers: Texts;
  readonly errors: {
    readonly meanings: Readonly<Record<string, 'retryable' | 'reconnect_required' | 'misconfigured'>>;
    readonly codes: string;
    readonly success?: { readonly path: string; readonly is: string | number | boolean };
  };
  readonly endpoints?: {
    readonly authorization: string;
    readonly token: string;
    readonly refresh?: string;
    readonly revocation?: string;
    readonly jwks?: string;
  };
  readonly issuers: readonly string[];
  readonly scopes: ScopeFacts;
  readonly pkce: 'S256' | 'S256-hex' | 'none';
  readonly authorizationParameters: Texts;
  readonly callback: { readonly code: string; readonly hmac?: string };
  readonly clientAuthentication: ClientAuthentication;
  readonly refreshClientAuthentication?: ClientAuthentication;
  readonly tokenRequestFormat: RequestFormat;
  readonly parameterNames: {
    readonly clientId: string;
    readonly clientSecret: string;
    readonly redirectUri: string;
    readonly code: string;
    readonly refreshToken: string;
  };
  readonly tokenParameters: Texts;
  readonly refreshParameters: Texts;
  readonly tokenAnswer: {
    readonly accessToken: string;
    readonly refreshToken: string;
    readonly expiresIn: string;
    readonly refreshExpiresIn: string;
    readonly scope: string;
    readonly platformUser?: string;
  };
  readonly idToken: boolean;
  readonly refresh: {
    readonly kind: 'rotating' | 'static' | 're-exchange' | 'none';
    readonly assumedLifetimeSeconds?: number;
    readonly keepAliveSeconds?: number;
    readonly minimumAgeSeconds?: number;
  };
  readonly revocation?: RevocationFacts;
  readonly profile?: ProfileFacts;
  readonly tokenAccount?: AccountFacts;
  readonly idTokenAccount?: AccountFacts;
  readonly accounts: 'one' | 'several';
  readonly placement:
    | { readonly in: 'header'; readonly name: string; readonly value: string }
    | { readonly in: 'query'; readonly name: string; readonly value: string }
    | { readonly in: 'basic'; readonly username: string; readonly password: string };
}

/** RFC 7009, for data with an endpoint and no word on how it is called. */
export const standardRevocation: RevocationFacts = {
  reach: 'grant',
  token: 'refresh_token',
  method: 'POST',
  format: 'form',
  parameter: 'token',
  authenticated: true,
  parameters: {},
  headers: {},
};
