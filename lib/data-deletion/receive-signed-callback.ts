/**
 * Takes the calls by which Meta tells, in a `signed_request`, that a user removed the app or wants their data deleted.
 * Nothing is read or written before the signature is good, and an unknown app looks like a bad signature.
 * https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback/
 */
import type { Queue } from '../aws/queue.ts';
import { IntegrationError } from '../errors.ts';
import type { AccountId, AppId, ProviderId } from '../ids.ts';
import type { DataDeletionMessage, WebhookEventMessage } from '../messages/incoming.ts';
import { hashedId } from '../signatures/event-id.ts';
import { verifySignedRequest } from '../signatures/signed-request.ts';
import type { SignedRequest } from '../signatures/verification.ts';
import type { Count } from '../telemetry/metrics.ts';
import { type WebhookApp, webhookSecrets } from '../webhooks/webhook-app.ts';
import { codeDigest, type DeletionStore } from './deletion-store.ts';

export interface CallbackDeps {
  readonly findApp: (app: string) => Promise<WebhookApp | undefined>;
  readonly deletions: DeletionStore;
  /** The queue of webhook events. */
  readonly queue: Queue<WebhookEventMessage | DataDeletionMessage>;
  readonly publicUrl: string;
  readonly now: () => number;
  readonly count: Count;
}

/** What Meta shows to a user who wants their data deleted. */
export interface DeletionReceipt {
  /** Where they can see how far it is. */
  readonly url: string;
  readonly confirmationCode: string;
}

/** What a call said, once it is known to be the platform's. */
interface VerifiedCallback {
  readonly appId: AppId;
  readonly provider: ProviderId;
  readonly userId: string;
  readonly profileId: string;
  /** Epoch milliseconds. */
  readonly issuedAt: number;
}

/** @throws IntegrationError `INVALID_SIGNATURE`, `PROCESSING_FAILED`. */
export async function receiveDeauthorization(
  deps: CallbackDeps,
  app: string,
  request: SignedRequest,
): Promise<void> {
  const { userId, profileId, issuedAt, ...of } = await verify(deps, app, request);
  const message: WebhookEventMessage = {
    kind: 'webhook_event',
    appId: of.appId,
    provider: of.provider,
    receivedAt: deps.now(),
    event: {
      id: hashedId(['deauthorize', userId, profileId, String(issuedAt)]),
      type: 'deauthorize',
      effect: 'deauthorized',
      platformUserId: userId,
      // Documents do not say which of a user's two ids Instagram Login signs. No two things at Meta share an id.
      accountId: userId as AccountId,
      occurredAt: issuedAt,
      data: {},
    },
  };
  await deps.queue.send({ body: message, group: app });
  deps.count('webhook_accepted', { provider: of.provider });
}

/**
 * Writes the request down, queues the work, and answers how it can be followed. A repeat gets the same answer.
 * @throws IntegrationError `INVALID_SIGNATURE`, `DATABASE_ERROR`, `PROCESSING_FAILED`.
 */
export async function receiveDataDeletion(
  deps: CallbackDeps,
  app: string,
  request: SignedRequest,
): Promise<DeletionReceipt> {
  const callback = await verify(deps, app, request);
  const code = codeFor(app, request);
  const digest = codeDigest(code);
  const { userId: platformUserId, issuedAt: requestedAt, provider } = callback;
  await deps.deletions.receive(digest, { appId: callback.appId, provider, platformUserId, requestedAt });
  const message: DataDeletionMessage = { kind: 'data_deletion', appId: callback.appId, digest, round: 0 };
  await deps.queue.send({ body: message, group: app });
  deps.count('webhook_accepted', { provider });
  return {
    url: `${deps.publicUrl}/integrations/data-deletion/${app}?code=${code}`,
    confirmationCode: code,
  };
}

async function verify(deps: CallbackDeps, appId: string, request: SignedRequest): Promise<VerifiedCallback> {
  const app = await deps.findApp(appId);
  const webhook = app?.webhook;
  const takes = webhook?.callbacks === 'signed_request';
  const secrets = app && takes ? webhookSecrets(app, webhook.signedWith).signing : [];
  const verification = verifySignedRequest(request, secrets, deps.now);
  if (verification.kind !== 'verified' || !app) {
    deps.count('webhook_rejected', {
      reason: verification.kind === 'refused' ? verification.reason : 'mismatch',
    });
    throw new IntegrationError('INVALID_SIGNATURE', 'The signature is missing, wrong or too old.');
  }
  const { userId, profileId = '', timestamp: issuedAt } = verification;
  // A context whose secret was found is one, and so is the provider that the secret names.
  return {
    appId: appId as AppId,
    provider: app.provider as ProviderId,
    userId,
    profileId,
    issuedAt,
  };
}

/**
 * The same for the same signed text, and to be guessed by nobody: a signature of 256 bits is in it. Letters and
 * digits only, as Meta wants it.
 */
function codeFor(app: string, { body }: SignedRequest): string {
  const text = new URLSearchParams(Buffer.from(body).toString('utf8')).get('signed_request') ?? '';
  return hashedId(['data_deletion', app, text]).slice(0, 32);
}
