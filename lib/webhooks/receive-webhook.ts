/**
 * Receives a platform's webhook request: answers its handshake, or verifies the signature over the raw bytes and queues
 * every event before it acknowledges. A forged request costs no database call, and its sender cannot distinguish an
 * unknown app from a bad signature.
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
import type { AppWebhook, Decoy } from './decoy-app.ts';
import { type WebhookApp, webhookSecrets } from './webhook-app.ts';

export interface ReceiveDeps {
  readonly findApp: (app: string) => Promise<WebhookApp | undefined>;
  /** Stands in for an app that does not exist. */
  readonly decoy: Decoy;
  readonly queue: Queue<WebhookEventMessage>;
  /**
   * For platforms that choose the webhook secret and send it in their handshake: whether an app awaits one, and how to
   * store it. Absent unless such a platform exists, because it needs permission to write secrets.
   */
  readonly planting?: {
    readonly isArmed: (app: string) => Promise<boolean>;
    readonly keep: (app: string, secret: Secret) => Promise<void>;
  };
  /** Fetches platforms' public keys. */
  readonly fetch: typeof fetch;
  readonly now: () => number;
  readonly count: Count;
}

/** The response to the platform. */
export type WebhookAnswer =
  | { readonly kind: 'accepted' }
  | {
      readonly kind: 'handshake';
      readonly status: number;
      readonly contentType: string;
      readonly body: string;
      readonly headers: Readonly<Record<string, string>>;
    };

/**
 * @throws IntegrationError `INVALID_SIGNATURE` for anything unverified, `PAYLOAD_TOO_LARGE`, `PROCESSING_FAILED` when
 * the queue does not accept the events.
 */
export async function receiveWebhook(
  deps: ReceiveDeps,
  appId: string,
  request: SignedRequest,
): Promise<WebhookAnswer> {
  const found = await deps.findApp(appId);
  // Looked up even when the app exists, so that both paths take the same time.
  const decoy = await deps.decoy(appId, request);
  const known = found?.webhook !== undefined;
  const { app, webhook } = known ? { app: found, webhook: found.webhook } : decoy;
  const armed = known && webhook.plantsSecret === true && ((await deps.planting?.isArmed(appId)) ?? false);
  const secrets = { ...webhookSecrets(app, webhook.signedWith), armed };
  const verification = await verifyRequest(deps, { app, webhook }, request, secrets);
  const handshake = webhook.handshake?.(request, secrets, verification);
  if (known && handshake?.status === 200) {
    const { planted, ...answer } = handshake;
    if (planted) await deps.planting?.keep(appId, planted);
    return { kind: 'handshake', ...answer };
  }
  if (verification.kind === 'unavailable') {
    throw new IntegrationError(
      'PROCESSING_FAILED',
      'The key that verifies this delivery is not available now. Send it again.',
      {
        retryAfterSeconds: 1,
      },
    );
  }
  // A refused handshake looks like an unknown app.
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

/** Verifies by the scheme's HMAC, or by the platform's own check. */
async function verifyRequest(
  { fetch, now }: ReceiveDeps,
  { app, webhook: { scheme } }: AppWebhook,
  request: SignedRequest,
  { signing }: Pick<WebhookSecrets, 'signing'>,
): Promise<Proven> {
  if (typeof scheme === 'function') return scheme(request, { app, secrets: signing, fetch, now });
  const verification = verifySignature(scheme, request, signing, now);
  if (verification.kind === 'refused') return verification;
  return { kind: 'verified', content: parseJson(request.body) };
}

/** Treats a signed body that is not for this app, or that is unreadable, like an unsigned one. */
function readEvents(
  webhook: WebhookDefinition,
  delivery: Delivery,
  app: WebhookApp,
): readonly PlatformEvent[] {
  const events = orTooDeep(() => webhook.read(delivery, app));
  if (!events) throw new IntegrationError('INVALID_SIGNATURE', 'The body is not a delivery to this app.');
  return events;
}

/** JSON nested deeper than the call stack can be parsed but not walked. */
function orTooDeep<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError)
      throw new IntegrationError('PAYLOAD_TOO_LARGE', 'The body is nested too deeply.');
    throw error;
  }
}

/** A DynamoDB item holds 400 KB, and an event that waits for its connection must fit into one. */
const largestEvent = 380_000;
/** Serialising what was parsed, with its numbers in full, never makes it four times as long. */
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
  // The app's secret was found, so its provider exists; the signed body names an account of that provider.
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
