/**
 * How a platform's webhooks are verified, read and interpreted. The signature is data where it is an HMAC; what an
 * event means is the provider's to say.
 */
import type { HandshakeAnswer } from '../signatures/handshakes.ts';
import type { SignatureScheme } from '../signatures/scheme.ts';
import type { Refused, SignedRequest } from '../signatures/verification.ts';
import type { Secret } from '../telemetry/secret.ts';

/** What an event asks of us beside being passed on. */
export type EventEffect =
  /** The user or the platform has taken the grant back. */
  | 'deauthorized'
  /** Nothing but forwarding the event to the tenant. */
  | 'none';

/** One event of a delivery, read from its signed bytes. */
export interface PlatformEvent {
  /** The same for every delivery of the same event; taken from signed content only. */
  readonly id: string;
  /** The platform's own name of it. */
  readonly type: string;
  readonly effect: EventEffect;
  /** Whom it concerns: an account, or a platform user whose consent may cover several. */
  readonly accountId?: string;
  readonly platformUserId?: string;
  /** What it is about, where later events about the same thing replace earlier ones, such as a post's status. */
  readonly resourceKey?: string;
  /** When it happened, epoch milliseconds, where the platform says. */
  readonly occurredAt?: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The secrets of one provider app that webhooks may be signed with; each with the one before it. */
export interface WebhookSecrets {
  readonly signing: readonly Secret[];
  /** What a platform repeats in its handshake to show that it knows us. */
  readonly verifyTokens: readonly Secret[];
  /** Whether this context waits for the platform to name a secret. */
  readonly armed: boolean;
}

export type SignedWith = 'clientSecret' | 'webhookSecret' | 'either';

/** What of a provider app its webhooks are read by. */
export interface ReceivingApp {
  readonly clientId: string;
  /** As the operator gave them with the app's registration. */
  readonly settings: Readonly<Record<string, string>>;
}

/** A delivery of which it is proven that the platform sent it. */
export interface Delivery extends Pick<SignedRequest, 'headers' | 'body'> {
  /** The JSON of the body, whole numbers beyond JavaScript's as text, or what a {@link Proof} says; nothing where there is none. */
  readonly content: unknown;
}

/** How a request came out of a check. */
export type Proven =
  | { readonly kind: 'verified'; readonly content: unknown }
  | Refused
  /** What it takes to tell cannot be had now; the platform is to try again. */
  | { readonly kind: 'unavailable' };

/** Verification without an HMAC: a token that the platform repeats, or one that it signs with its own key. */
export type Proof = (
  request: SignedRequest,
  by: {
    readonly app: ReceivingApp;
    /** Those that may sign, the current one first. */
    readonly secrets: readonly Secret[];
    readonly fetch: typeof fetch;
    readonly now: () => number;
  },
) => Promise<Proven>;

export interface WebhookDefinition {
  readonly scheme: SignatureScheme | Proof;
  /** Which secret signs: the OAuth client's, a separate webhook secret, or either of them. */
  readonly signedWith: SignedWith;
  /** Whether the platform itself names the secret that signs, in its handshake. */
  readonly plantsSecret?: true;
  /** Answers the platform's question whether the endpoint is ours; nothing when the request is no such question. */
  readonly handshake?: (
    request: SignedRequest,
    secrets: WebhookSecrets,
    verification: { readonly kind: Proven['kind'] },
  ) => HandshakeAnswer | undefined;
  /** The events of a delivery, in its order; nothing when it is none of this app's. Unsigned headers tell nothing. */
  readonly read: (delivery: Delivery, app: ReceivingApp) => readonly PlatformEvent[] | undefined;
  /** The separate calls by which the platform reports that a user removed the app or wants their data deleted; absent without such calls. */
  readonly callbacks?: 'signed_request';
}
