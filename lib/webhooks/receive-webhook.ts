/**
 * Takes a platform's call: answers its handshake, or checks the signature over the raw bytes and puts every event into
 * the queue before it says yes. A forger learns nothing, costs no database call, and cannot tell an unknown context
 * from a bad signature.
 */
import type { Message, Queue } from '../aws/queue.ts';
import { IntegrationError } from '../errors.ts';
import type { ContextId } from '../ids.ts';
import type { Registry } from '../providers/registry.ts';
import type { PlatformEvent, WebhookDefinition } from '../providers/webhook-definition.ts';
import { parseLossless } from '../signatures/lossless-json.ts';
import type { SignedRequest } from '../signatures/verification.ts';
import { verifySignature } from '../signatures/verify-signature.ts';
import type { Count } from '../telemetry/metrics.ts';
import type { IncomingEvent } from './incoming-event.ts';
import type { StandIn } from './stand-in-app.ts';
import { type WebhookApp, webhookOf, webhookSecrets } from './webhook-app.ts';

export interface ReceiveParts {
  readonly findApp: (context: string) => Promise<WebhookApp | undefined>;
  readonly registry: Registry;
  /** What a request to a context without an app is checked against. */
  readonly standIn: StandIn;
  readonly queue: Queue;
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
  parts: ReceiveParts,
  context: string,
  request: SignedRequest,
): Promise<WebhookAnswer> {
  const found = await parts.findApp(context);
  // Both are asked for either way, because that takes time, too.
  const standIn = parts.standIn(context, request);
  const definition = webhookOf(parts.registry, found?.provider ?? '');
  const known = found !== undefined && definition !== undefined;
  const { app, webhook } = known ? { app: found, webhook: definition } : standIn;
  const secrets = webhookSecrets(app, webhook.signedWith);
  const verification = verifySignature(webhook.scheme, request, secrets.signing, parts.now);
  const handshake = webhook.handshake?.(request, secrets, verification);
  if (known && handshake?.status === 200) return { kind: 'handshake', ...handshake };
  // A handshake that is not answered looks as if there were nobody to answer it.
  if (!known || handshake || verification.kind !== 'verified') {
    parts.count('webhook_rejected', {
      reason: verification.kind === 'refused' ? verification.reason : 'mismatch',
    });
    throw new IntegrationError('INVALID_SIGNATURE', 'The signature is missing, wrong or too old.');
  }

  const events = readEvents(webhook, request.body, app);
  const messages = events.map((event) => toMessage(app, context as ContextId, event, parts.now()));
  if (request.body.byteLength > surelySmall) refuseTooLarge(messages);
  await parts.queue.sendAll(messages);
  parts.count('webhook_accepted', { provider: app.provider });
  return { kind: 'accepted' };
}

/** A signed body that is not this app's, or that nobody can read, is as good as unsigned. */
function readEvents(webhook: WebhookDefinition, body: Uint8Array, app: WebhookApp): readonly PlatformEvent[] {
  const events = readWith(webhook, parseJson(body), app);
  if (!events) throw new IntegrationError('INVALID_SIGNATURE', 'The body is not a delivery to this app.');
  return events;
}

function readWith(webhook: WebhookDefinition, body: unknown, app: WebhookApp) {
  try {
    return webhook.read(body, app);
  } catch (error) {
    // What is nested deeper than the stack is high can be parsed, and nothing else.
    if (error instanceof RangeError)
      throw new IntegrationError('PAYLOAD_TOO_LARGE', 'It is nested too deep.');
    throw error;
  }
}

/** An item of a table holds 400 KB, and one that waits for its connection, or fails for good, has to lie in one. */
const largestEvent = 380_000;
/** What is read is never four times as long when it is written again, its numbers in full. */
const surelySmall = largestEvent / 4;

function refuseTooLarge(messages: readonly Message[]): void {
  const fit = messages.every(({ body }) => Buffer.byteLength(JSON.stringify(body)) <= largestEvent);
  if (!fit) throw new IntegrationError('PAYLOAD_TOO_LARGE', 'One event may have at most 380 KB.');
}

function toMessage(app: WebhookApp, context: ContextId, event: PlatformEvent, now: number): Message {
  const body = { context, provider: app.provider, receivedAt: now, event };
  return { body: body satisfies Omit<IncomingEvent, 'provider' | 'event'> & object, group: context };
}

function parseJson(body: Uint8Array): unknown {
  try {
    return parseLossless(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
}
