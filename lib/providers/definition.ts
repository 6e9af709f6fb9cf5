/**
 * How a provider is described: data first, functions only where data cannot say it. `defineProvider` checks what
 * types cannot, so that a wrong definition fails when it is loaded, not when a user connects.
 */
import { type ProviderId, providerIdPattern } from '../ids.ts';
import type { ErrorTable } from '../oauth/outcome.ts';
import type { ClientAuthentication, PkceMethodOrNone } from '../oauth/server.ts';

/** An identity on the platform, as its profile endpoint tells it. */
export interface Account {
  /** The platform's stable id; never an email address or a name that can change hands. */
  readonly accountId: string;
  readonly displayName: string;
  /** May be signed and short-lived; shown, not kept. */
  readonly avatarUrl?: string;
  /** The platform's id of the user whose consent covers this account; the account's own id when absent. */
  readonly owner?: string;
  /** What else the tenant may want to see, such as a handle or a verified flag. Never secrets, never contact data. */
  readonly metadata: Readonly<Record<string, string | number | boolean>>;
}

/** What a profile answer holds: accounts, or the platform's error code. */
export type ProfileReading =
  | { readonly kind: 'accounts'; readonly accounts: readonly Account[] }
  | { readonly kind: 'error'; readonly code: string };

/** When an access token is renewed: a share of its lifetime before the end, within bounds. */
export interface RefreshMargin {
  /** Share of the lifetime, between 0 and 1. */
  readonly share: number;
  readonly atLeastSeconds: number;
  readonly atMostSeconds: number;
}

/** How the platform's tokens are renewed. */
export type RefreshKind =
  /** Each refresh gives a new refresh token and ends the old one. */
  | 'rotating'
  /** The refresh token stays. */
  | 'static'
  /** Nothing can be renewed. */
  | 'none';

/** What a revocation at the platform reaches. */
export type RevocationReach =
  /** The tokens of one consent only. */
  | 'token'
  /** Everything the user ever granted this app, other connections included. */
  | 'grant'
  /** The platform offers none. */
  | 'none';

export interface ProviderDefinition {
  /** Stable id in URLs and records: lower-case letters, digits and dashes. */
  readonly id: string;
  /** The platform's name as its users know it. */
  readonly name: string;
  /** The platform's own origins by name; configuration may replace each. Empty when the app's registration brings the endpoints. */
  readonly origins: Readonly<Record<string, string>>;
  /** Paths on the origins, as `{name}/path`; `registered` when they are discovered once, when an app is registered. */
  readonly endpoints:
    | {
        readonly authorization: string;
        readonly token: string;
        readonly revocation?: string;
        readonly profile: string;
      }
    | 'registered';
  readonly scopes: {
    readonly separator: ' ' | ',';
    /** Every scope that may be asked for, with what it is for. */
    readonly available: Readonly<Record<string, string>>;
    /** Asked for when the tenant names none. */
    readonly default: readonly string[];
    /** Always asked for, because the profile cannot be read without. */
    readonly required: readonly string[];
  };
  readonly pkce: PkceMethodOrNone;
  readonly client: {
    readonly authentication: ClientAuthentication;
    /** Name of the client id in requests; `client_id` when absent. */
    readonly idParameter?: string;
  };
  readonly authorizationParameters?: Readonly<Record<string, string>>;
  /** Whether ID tokens are issued and to be verified. */
  readonly idToken?: boolean;
  readonly tokens: {
    readonly refresh: RefreshKind;
    readonly margin: RefreshMargin;
    /** Field of the token answer that names the user, where there is one. */
    readonly subjectField?: string;
    /** Seconds an access token lives when the platform does not say; unknown when absent. */
    readonly assumedLifetimeSeconds?: number;
  };
  readonly revocation: {
    readonly reach: RevocationReach;
    /** Which token the platform wants to be shown. */
    readonly token: 'access_token' | 'refresh_token';
  };
  /** Meanings of the platform's own error codes, over those of RFC 6749. */
  readonly errors: ErrorTable;
  /** Whether one consent yields one account or may yield several. */
  readonly accounts: 'one' | 'several';
  /** Settings that the operator must give with the app's registration, by name, with what each is for. */
  readonly appSettings?: Readonly<Record<string, string>>;
  /** Headers of every call, from the app's settings. */
  readonly headers?: (settings: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
  readonly profile: {
    /** Query of the profile request; may depend on the scopes that were granted. */
    readonly query?: (scopes: readonly string[]) => Readonly<Record<string, string>>;
    /** Reads a successful or failed answer's JSON object. */
    readonly read: (body: Readonly<Record<string, unknown>>) => ProfileReading;
  };
}

export interface Provider extends Omit<ProviderDefinition, 'id'> {
  readonly id: ProviderId;
}

/**
 * Checks a definition and brands its id.
 * @throws Error saying what is wrong with the definition.
 */
export function defineProvider(definition: ProviderDefinition): Provider {
  const { id, scopes, tokens, accounts } = definition;
  const wrong = (what: string) => new Error(`Provider definition "${id}": ${what}`);
  if (!providerIdPattern.test(id)) throw wrong('the id must be 2-32 lower-case letters, digits and dashes.');
  for (const scope of [...scopes.default, ...scopes.required]) {
    if (!Object.hasOwn(scopes.available, scope))
      throw wrong(`scope "${scope}" is not among the available ones.`);
  }
  if (accounts === 'several' && tokens.refresh === 'rotating') {
    // One connection's refresh would end the token that its siblings hold.
    throw wrong('several accounts per grant cannot share a rotating refresh token.');
  }
  if (tokens.margin.share < 0 || tokens.margin.share >= 1)
    throw wrong('the refresh margin must be a share below 1.');
  if (definition.endpoints !== 'registered') {
    for (const endpoint of Object.values(definition.endpoints)) {
      const origin = /^\{([a-z]+)\}\//.exec(endpoint)?.[1];
      if (origin === undefined || !Object.hasOwn(definition.origins, origin)) {
        throw wrong('every endpoint must begin with one of the origins, as {name}/path.');
      }
    }
    if (definition.revocation.reach !== 'none' && definition.endpoints.revocation === undefined) {
      throw wrong('a revocation needs its endpoint.');
    }
  }
  return { ...definition, id: id as ProviderId };
}
