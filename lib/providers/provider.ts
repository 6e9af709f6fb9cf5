/**
 * A provider as it is loaded: what it can do, derived from its data and, for built-in platforms, from the code beside
 * it. Callers ask for a capability (`consent`, `refresh`, `probe`), never for the kind.
 */
import type { ProviderId } from '../ids.ts';
import type { ErrorTable, RefusalReader } from '../oauth/refusal/refusal.ts';
import type { Secret } from '../telemetry/secret.ts';
import type { TokenKind } from '../vocabulary.ts';
import type { Account } from './account.ts';
import type {
  CredentialsAccess,
  PlatformAccess,
  PlatformAdapter,
  ProfileOutcome,
} from './adapter/platform-adapter.ts';
import type { CredentialField } from './definition/credentials.ts';
import type { OAuth2Data, ProviderData, ProviderKind } from './definition/provider-data.ts';
import type { WebhookDefinition } from './webhook-definition.ts';

/** What a profile answer holds: accounts, or the platform's error code. */
export type ProfileReading =
  | { readonly kind: 'accounts'; readonly accounts: readonly Account[] }
  | { readonly kind: 'error'; readonly code: string };

/** How the platform's tokens are refreshed, and when. */
export type RefreshPolicy = OAuth2Data['refresh'];

/** What a revocation ends, and which token the platform wants to see for it. */
export interface RevocationPolicy {
  /** `token`: the tokens of one consent. `grant`: everything that the user ever granted this app. */
  readonly reach: 'token' | 'grant';
  readonly token: TokenKind;
}

/** Something about the app's registration that an operator may leave out. */
export interface OptionalSetting {
  readonly meaning: string;
  readonly default: string;
  readonly pattern: RegExp;
}

/** What users of a platform with consent pages can be asked for. */
export interface Consent {
  readonly scopes: {
    /** Scopes with their meanings. */
    readonly available: Readonly<Record<string, string>>;
    readonly default: readonly string[];
    readonly required: readonly string[];
    /** Whether others may be asked for, too. */
    readonly open: boolean;
  };
  readonly pkce: OAuth2Data['pkce'];
  /** Whether ID tokens are issued and verified, so that a nonce is needed. */
  readonly idToken: boolean;
  readonly accounts: OAuth2Data['accounts'];
  /** Lifetime of an access token when the platform does not say; unknown when absent. */
  readonly assumedLifetimeSeconds?: number;
}

/** What the entered credentials are, before the platform has seen them. */
export type CredentialsReading =
  | { readonly kind: 'credentials'; readonly secret: Secret; readonly claimedAccount?: string }
  /** Names of the fields that cannot be right. */
  | { readonly kind: 'malformed'; readonly fields: readonly string[] };

/** How credentials that users enter are read and shown to the platform. */
export interface Probe {
  /** Seconds between two looks at whether they still work. */
  readonly everySeconds: number;
  /** What is asked to prove credentials, filled with the app's settings and the connection's variables. */
  readonly urlAt: (values: Readonly<Record<string, string>>) => string;
  readonly read: (input: Readonly<Record<string, string>>) => CredentialsReading;
  /** Shows the credentials to the platform once. Never called twice for one answer: a failed look may end a session. */
  readonly look: (secret: Secret, platform: CredentialsAccess) => Promise<ProfileOutcome>;
}

interface CommonProvider {
  readonly id: ProviderId;
  readonly name: string;
  readonly kind: ProviderKind;
  readonly data: ProviderData;
  /** Meanings of the platform's own error codes, over those of RFC 6749. */
  readonly errors: ErrorTable;
  readonly readRefusal?: RefusalReader;
  /** Settings that the operator must give with the app's registration, by name, with what each is for. */
  readonly appSettings: Readonly<Record<string, string>>;
  readonly optionalSettings: Readonly<Record<string, OptionalSetting>>;
  /** Calls about the connections of one app that one worker makes at once. */
  readonly concurrency: number;
  /** What users enter at `connect`; empty where they consent on the platform's pages. */
  readonly credentialFields: readonly CredentialField[];
  readonly webhook?: WebhookDefinition;
  readonly describeWebhook?: (settings: Readonly<Record<string, string>>) => WebhookDefinition | undefined;
}

/** A platform whose users consent on its own pages. */
export interface ConsentProvider extends CommonProvider {
  readonly data: OAuth2Data;
  readonly code: OAuthCode;
  readonly consent: Consent;
  /** Absent where nothing can be refreshed. */
  readonly refresh?: RefreshPolicy;
  /** Absent where the platform offers no revocation. */
  readonly revocation?: RevocationPolicy;
  readonly probe?: undefined;
}

/** A platform whose users enter credentials, which a probe proves. */
export interface ProbedProvider extends CommonProvider {
  readonly probe: Probe;
  readonly consent?: undefined;
  readonly refresh?: undefined;
  readonly revocation?: undefined;
}

export type Provider = ConsentProvider | ProbedProvider;

/** What only code can say of a platform with consent pages. Only built-in platforms have any. */
export interface OAuthCode {
  /** Puts the token answer into words that the data's paths know. */
  readonly readTokenAnswer?: (body: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
  readonly readRefusal?: RefusalReader;
  /** Query of the profile request, where it depends on the scopes that were granted. */
  readonly profileQuery?: (scopes: readonly string[]) => Readonly<Record<string, string>>;
  readonly readProfile?: (body: Readonly<Record<string, unknown>>) => ProfileReading;
  readonly webhook?: WebhookDefinition;
  /**
   * The same where they are as each app's settings say; nothing where these say nothing.
   * @throws Error saying what is wrong with the settings.
   */
  readonly describeWebhook?: (settings: Readonly<Record<string, string>>) => WebhookDefinition | undefined;
  /** Laid over the default adapter. */
  readonly adapt?: (standard: PlatformAdapter, platform: PlatformAccess) => Partial<PlatformAdapter>;
}

/** What only code can say of a platform whose users lend a session. */
export interface SessionCode {
  readonly read: Probe['read'];
  readonly look: Probe['look'];
  readonly readRefusal?: RefusalReader;
}

/**
 * The webhooks that an app of a provider gets; nothing where it gets none.
 * @throws Error saying what is wrong with the app's settings.
 */
export function webhookOf(
  provider: Provider | undefined,
  settings: Readonly<Record<string, string>>,
): WebhookDefinition | undefined {
  return provider?.webhook ?? provider?.describeWebhook?.(settings);
}
