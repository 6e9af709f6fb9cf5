/**
 * Takes a platform's call: answers its handshake, or checks the signature over the raw bytes and puts every event into
 * the queue before it says yes. A forger learns nothing, costs no database call, and cannot tell an unknown context
 * from a bad signature.
 */
import type { Message, Queue } from '../aws/queue.ts';
import { IntegrationError } from '../errors.ts';
import type { AccountId, AppId, ProviderId } from '../ids.ts';
import { parseLossless } from '../json.ts';
import type { WebhookEventMessage } from '../messages/incoming.ts';
import type {
  Delivery,
  PlatformEvent,
  Proven,
  WebhookDefinition,
  WebhookSecrets,
} from '../providers/webhook-definition.ts';
import type { SignedRequest } from '../signatures/verification.ts';
import { verifySignature } from '../signatures/verify-signature.ts';
import type { Count } from '../telemetry/metrics.ts';
import type { Secret } from '../telemetry/secret.ts';
import type { Decoy, Receiver } from './decoy-app.ts';
import { type WebhookApp, webhookSecrets } from './webhook-app.ts';

export interface ReceiveDeps {
  readonly findApp: (app: string) => Promise<WebhookApp | undefined>;
  /** What a request to a context without an app is checked against. */
  readonly decoy: Decoy;
  readonly queue: Queue<WebhookEventMessage>;
  /**
   * For platforms that name their secret themselves: which contexts wait for one, and where it is kept. Where it is
   * absent, none does: a function that may write secrets is one that only such a platform needs.
   */
  readonly planting?: {
    readonly isArmed: (app: string) => Promise<boolean>;
    readonly keep: (app: string, secret: Secret) => Promise<void>;
  };
  /** For platforms' public keys. */
  readonly fetch: typeof fetch;
  readonly now: () => number;
  readonly count: Count;
}

/** What the platform is answered. */
export type WebhookAnswer =
  | { readonly kind: 'accepted' }
  | {
      readonly kind: 'handshake';
      readonly status: number;
      readonly contentType: string;
      readonly body: string;
      readonly headers: Readonly<Record<string, string>>;
    };

/** @throws IntegrationError `INVALID_SIGNATURE` for whatever is not proven, `PAYLOAD_TOO_LARGE`, `PROCESSING_FAILED` when the queue did not take it. */
export async function receiveWebhook(
  deps: ReceiveDeps,
  appId: string,
  request: SignedRequest,
): Promise<WebhookAnswer> {
  const found = await deps.findApp(appId);
  // Both are asked for either way, because that takes time, too.
  const decoy = await deps.decoy(appId, request);
  const known = found?.webhook !== undefined;
  const { app, webhook } = known ? { app: found, webhook: found.webhook } : decoy;
  const armed = known && webhook.plantsSecret === true && ((await deps.planting?.isArmed(appId)) ?? false);
  const secrets = { ...webhookSecrets(app, webhook.signedWith), armed };
  const verification = await prove(deps, { app, webhook }, request, secrets);
  const handshake = webhook.handshake?.(request, secrets, verification);
  if (known && handshake?.status === 200) {
    const { planted, ...answer } = handshake;
    if (planted) await deps.planting?.keep(appId, planted);
    return { kind: 'handshake', ...answer };
  }
  if (verification.kind === 'unavailable') {
    throw new IntegrationError('PROCESSING_FAILED', 'What proves this delivery cannot be had now.', {
      retryAfterSeconds: 1,
    });
  }
  // A handshake that is not answered looks as if there were nobody to answer it.
  if (!known || handshake || verification.kind !== 'verified') {
    deps.count('webhook_rejected', {
      reason: verification.kind === 'refused' ? verification.reason : 'mismatch',
    });
    throw new IntegrationError('INVALID_SIGNATURE', 'The signature is missing, wrong or too old.');
  }

  const { headers, body } = request;
  const events = readEvents(webhook, { headers, body, content: verification.content }, app);
  const messages = events.map((event) => toMessage(app, appId as AppId, event, deps.now()));
  if (request.body.byteLength > surelySmall) refuseTooLarge(messages);
  await deps.queue.sendAll(messages);
  deps.count('webhook_accepted', { provider: app.provider });
  return { kind: 'accepted' };
}

/** By the scheme's HMAC, or as the platform's own check says. */
async function prove(
  { fetch, now }: ReceiveDeps,
  { app, webhook: { scheme } }: Receiver,
  request: SignedRequest,
  { signing }: Pick<WebhookSecrets, 'signing'>,
): Promise<Proven> {
  if (typeof scheme === 'function') return scheme(request, { app, secrets: signing, fetch, now });
  const verification = verifySignature(scheme, request, signing, now);
  if (verification.kind === 'refused') return verification;
  return { kind: 'verified', content: parseJson(request.body) };
}

/** A signed body that is not this app's, or that nobody can read, is as good as unsigned. */
function readEvents(
  webhook: WebhookDefinition,
  delivery: Delivery,
  app: WebhookApp,
): readonly PlatformEvent[] {
  const events = orTooDeep(() => webhook.read(delivery, app));
  if (!events) throw new IntegrationError('INVALID_SIGNATURE', 'The body is not a delivery to this app.');
  return events;
}

/** What is nested deeper than the stack is high can be parsed, and nothing else. */
function orTooDeep<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError)
      throw new IntegrationError('PAYLOAD_TOO_LARGE', 'It is nested too deep.');
    throw error;
  }
}

/** An item of a table holds 400 KB, and one that waits for its connection, or fails for good, has to lie in one. */
const largestEvent = 380_000;
/** What is read is never four times as long when it is written again, its numbers in full. */
const surelySmall = largestEvent / 4;

function refuseTooLarge(messages: readonly Message<WebhookEventMessage>[]): void {
  const fit = messages.every(
    ({ body }) => Buffer.byteLength(orTooDeep(() => JSON.stringify(body))) <= largestEvent,
  );
  if (!fit) throw new IntegrationError('PAYLOAD_TOO_LARGE', 'One event may have at most 380 KB.');
}

function toMessage(
  app: WebhookApp,
  appId: AppId,
  event: PlatformEvent,
  now: number,
): Message<WebhookEventMessage> {
  const { accountId, ...rest } = event;
  // An app whose secret was found names a provider; a signed body names an account of it.
  const body: WebhookEventMessage = {
    kind: 'webhook_event',
    appId,
    provider: app.provider as ProviderId,
    receivedAt: now,
    event: { ...rest, ...(accountId !== undefined && { accountId: accountId as AccountId }) },
  };
  return { body, group: appId };
}

function parseJson(body: Uint8Array): unknown {
  try {
    return parseLossless(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
}
