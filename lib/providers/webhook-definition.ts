/** How a platform's webhooks are told apart, read and understood. The signature is data; what an event means is the provider's to say. */
import type { HandshakeAnswer } from '../signatures/handshakes.ts';
import type { SignatureScheme } from '../signatures/scheme.ts';
import type { SignedRequest, Verification } from '../signatures/verification.ts';
import type { Secret } from '../telemetry/secret.ts';

/** What an event asks of us beside being passed on. */
export type EventMeaning =
  /** The user or the platform has taken the grant back. */
  | 'deauthorised'
  /** Something happened; the tenant is told. */
  | 'news';

/** One event of a delivery, read from its signed bytes. */
export interface PlatformEvent {
  /** The same for every delivery of the same event; taken from signed content only. */
  readonly id: string;
  /** The platform's own name of it. */
  readonly type: string;
  readonly meaning: EventMeaning;
  /** Whom it concerns: an account, or a platform user whose consent may cover several. */
  readonly accountId?: string;
  readonly owner?: string;
  /** What it is about, where later events about the same thing replace earlier ones, such as a post's status. */
  readonly subject?: string;
  /** When it happened, epoch milliseconds, where the platform says. */
  readonly occurredAt?: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The secrets of one provider app that webhooks may be signed with; each with the one before it. */
export interface WebhookSecrets {
  readonly signing: readonly Secret[];
  /** What a platform repeats in its handshake to show that it knows us. */
  readonly verifyTokens: readonly Secret[];
}

export type SignedWith = 'clientSecret' | 'webhookSecret' | 'either';

export interface WebhookDefinition {
  readonly scheme: SignatureScheme;
  /** Which secret signs: the OAuth client's, one of its own, or now the one and now the other. */
  readonly signedWith: SignedWith;
  /** Answers the platform's question whether the endpoint is ours; nothing when the request is no such question. */
  readonly handshake?: (
    request: SignedRequest,
    secrets: WebhookSecrets,
    verification: Verification,
  ) => HandshakeAnswer | undefined;
  /** The events of a verified body, in its order; nothing when it is not one of this app's deliveries. */
  readonly read: (body: unknown, app: { readonly clientId: string }) => readonly PlatformEvent[] | undefined;
  /** How it tells, by calls of their own, that a user removed the app or wants their data deleted; absent where it does not. */
  readonly callbacks?: 'signed_request';
}
