/**
 * How a provider is described: data first, functions only where data cannot say it. `defineProvider` checks what
 * types cannot, so that a wrong definition fails when it is loaded, not when a user connects.
 */

import { type ProviderId, providerIdPattern } from '../ids.ts';
import type { ErrorTable, RefusalReader } from '../oauth/outcome.ts';
import type { ClientAuthentication, PkceMethodOrNone } from '../oauth/server.ts';
import type { Secret } from '../telemetry/secret.ts';
import type { TokenKind } from '../vocabulary.ts';
import type { Account } from './account.ts';
import type {
  CredentialsAccess,
  PlatformAccess,
  PlatformAdapter,
  ProfileOutcome,
} from './platform-adapter.ts';
import type { WebhookDefinition } from './webhook-definition.ts';

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
  /** A token that still lives is exchanged for one that lives longer; once expired it is lost. */
  | 're-exchange'
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

/** Which connections are renewed before anybody asks. */
export type ProactiveRefresh =
  /** Those used lately: the tokens are short, and the refresh token outlives any pause. */
  | 'in_use'
  /** All: what is not renewed in time dies. */
  | 'always';

/** Something about the app's registration that hardly any operator has to say. */
export interface OptionalSetting {
  readonly meaning: string;
  /** What holds when the operator says nothing. */
  readonly default: string;
  /** What a value must look like; it may stand in an endpoint's path. */
  readonly pattern: RegExp;
}

interface CommonDefinition {
  /** Stable id in URLs and records: lower-case letters, digits and dashes. */
  readonly id: string;
  /** The platform's name as its users know it. */
  readonly name: string;
  /** The platform's own origins by name; configuration may replace each. Empty when the app's registration brings the endpoints. */
  readonly origins: Readonly<Record<string, string>>;
  /** Meanings of the platform's own error codes, over those of RFC 6749. */
  readonly errors: ErrorTable;
  /** For a platform that words its refusals in its own way; they are read as RFC 6749 words them when absent. */
  readonly readRefusal?: RefusalReader;
  /** Settings that the operator must give with the app's registration, by name, with what each is for. */
  readonly appSettings?: Readonly<Record<string, string>>;
  /** Settings that the operator may give. As `{name}` they can stand in the path of an endpoint. */
  readonly optionalSettings?: Readonly<Record<string, OptionalSetting>>;
}

/** A platform whose users consent on its own pages (OAuth 2). */
export interface OAuthDefinition extends CommonDefinition {
  readonly auth: 'oauth2';
  /** Paths on the origins, as `{origin}/path/{setting}`; `registered` when they are discovered once, when an app is registered. */
  readonly endpoints:
    | {
        readonly authorization: string;
        readonly token: string;
        readonly revocation?: string;
        readonly profile: string;
        /** What the platform needs beside the standard ones, by names that only its own functions know. */
        readonly others?: Readonly<Record<string, string>>;
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
    /** Puts the token answer into the words of RFC 6749 section 5.1, where the platform words it otherwise. */
    readonly readAnswer?: (body: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
    /** Field of the token answer that names the user, where there is one. */
    readonly subjectField?: string;
    /** Seconds an access token lives when the platform does not say; unknown when absent. */
    readonly assumedLifetimeSeconds?: number;
    readonly proactive: ProactiveRefresh;
    /** Longest that a refresh token may lie unused, in seconds, where it would die of idleness. */
    readonly keepAliveSeconds?: number;
    /** Seconds a token must have lived before the platform renews it; asking earlier changes nothing. */
    readonly minimumAgeSeconds?: number;
    /** Seconds for which a rotated refresh token still works, where the platform grants such a grace. */
    readonly rotationGraceSeconds?: number;
  };
  /** Refreshes of one provider app that one worker runs at once. */
  readonly concurrency?: number;
  readonly revocation: {
    readonly reach: RevocationReach;
    /** Which token the platform wants to be shown. */
    readonly token: TokenKind;
  };
  /** Whether one consent yields one account or may yield several. */
  readonly accounts: 'one' | 'several';
  /** Headers of every call, from the app's settings. */
  readonly headers?: (settings: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
  readonly profile: {
    /** Query of the profile request; may depend on the scopes that were granted. */
    readonly query?: (scopes: readonly string[]) => Readonly<Record<string, string>>;
    /** Reads a successful or failed answer's JSON object. */
    readonly read: (body: Readonly<Record<string, unknown>>) => ProfileReading;
  };
  /** Its webhooks; absent where the platform sends none. */
  readonly webhook?: WebhookDefinition;
  /**
   * The same where they are as each app's settings say; nothing where these say nothing.
   * @throws Error saying what is wrong with the settings.
   */
  readonly describeWebhook?: (settings: Readonly<Record<string, string>>) => WebhookDefinition | undefined;
  /** What the platform does unlike all others, laid over the default adapter. */
  readonly adapt?: (standard: PlatformAdapter, platform: PlatformAccess) => Partial<PlatformAdapter>;
}

/** One thing that a user enters to connect an account at a platform without consent pages. */
export interface CredentialField {
  readonly id: string;
  readonly label: string;
  /** Whether it is to be hidden while it is entered. */
  readonly secret: boolean;
  readonly required: boolean;
}

/** What the entered credentials are, before the platform has seen them. */
export type CredentialsReading =
  | { readonly kind: 'credentials'; readonly secret: Secret; readonly claimedAccount: string }
  /** Names of the fields that cannot be right. */
  | { readonly kind: 'malformed'; readonly fields: readonly string[] };

/** A platform without an API for others: the user gives what their own session runs on. */
export interface CredentialsDefinition extends CommonDefinition {
  readonly auth: 'credentials';
  readonly endpoints: { readonly profile: string };
  readonly fields: readonly CredentialField[];
  readonly read: (input: Readonly<Record<string, string>>) => CredentialsReading;
  /** Seconds between two looks at whether the session still lives. */
  readonly probeEverySeconds: number;
  /** Shows the credentials to the platform once. Never called twice for one answer: a failed look may end the session. */
  readonly probe: (secret: Secret, platform: CredentialsAccess) => Promise<ProfileOutcome>;
}

export type ProviderDefinition = OAuthDefinition | CredentialsDefinition;
export type OAuthProvider = Omit<OAuthDefinition, 'id'> & { readonly id: ProviderId };
export type CredentialsProvider = Omit<CredentialsDefinition, 'id'> & { readonly id: ProviderId };
export type Provider = OAuthProvider | CredentialsProvider;

/**
 * Checks a definition and brands its id.
 * @throws Error saying what is wrong with the definition.
 */
export function defineProvider(definition: OAuthDefinition): OAuthProvider;
export function defineProvider(definition: CredentialsDefinition): CredentialsProvider;
export function defineProvider(definition: ProviderDefinition): Provider {
  const wrong = (what: string) => new Error(`Provider definition "${definition.id}": ${what}`);
  if (!providerIdPattern.test(definition.id)) {
    throw wrong('the id must be 2-32 lower-case letters, digits and dashes.');
  }
  const flaw =
    definition.endpoints === 'registered' ? undefined : endpointFlaw(definition, definition.endpoints);
  if (flaw !== undefined) throw wrong(flaw);
  const further = definition.auth === 'oauth2' ? oauthFlaw(definition) : undefined;
  if (further !== undefined) throw wrong(further);
  return { ...definition, id: definition.id as ProviderId };
}

/**
 * The webhooks that an app of a provider gets; nothing where it gets none.
 * @throws Error saying what is wrong with the app's settings.
 */
export function webhookOf(
  provider: Provider | undefined,
  settings: Readonly<Record<string, string>>,
): WebhookDefinition | undefined {
  if (provider?.auth !== 'oauth2') return undefined;
  return provider.webhook ?? provider.describeWebhook?.(settings);
}

function endpointFlaw(
  { origins, optionalSettings = {} }: Pick<CommonDefinition, 'origins' | 'optionalSettings'>,
  endpoints: Readonly<Record<string, string | Readonly<Record<string, string>> | undefined>>,
): string | undefined {
  const all = Object.values(endpoints).flatMap((endpoint) =>
    typeof endpoint === 'object' ? Object.values(endpoint) : (endpoint ?? []),
  );
  const stray = all.some((endpoint) => {
    const origin = /^\{([a-z]+)\}\//.exec(endpoint)?.[1];
    return origin === undefined || !Object.hasOwn(origins, origin);
  });
  if (stray) return 'every endpoint must begin with one of the origins, as {name}/path.';
  const unset = all.some((endpoint) =>
    [...endpoint.matchAll(/\/\{(\w+)\}/g)].some(([, name = '']) => !Object.hasOwn(optionalSettings, name)),
  );
  return unset ? 'what stands in braces in a path must be one of the optional settings.' : undefined;
}

function oauthFlaw({
  scopes,
  tokens,
  accounts,
  endpoints,
  revocation,
  adapt,
}: OAuthDefinition): string | undefined {
  const unknown = [...scopes.default, ...scopes.required].find(
    (scope) => !Object.hasOwn(scopes.available, scope),
  );
  if (unknown !== undefined) return `scope "${unknown}" is not among the available ones.`;
  // One connection's refresh would end the token that its siblings hold.
  if (accounts === 'several' && tokens.refresh === 'rotating') {
    return 'several accounts per grant cannot share a rotating refresh token.';
  }
  if (tokens.margin.share < 0 || tokens.margin.share >= 1)
    return 'the refresh margin must be a share below 1.';
  if (
    revocation.reach !== 'none' &&
    endpoints !== 'registered' &&
    endpoints.revocation === undefined &&
    !adapt
  ) {
    return 'a revocation needs its endpoint.';
  }
  return undefined;
}
