/**
 * Receives Meta's deauthorize and data deletion callbacks, each a `signed_request`. It reads and writes nothing before
 * the signature is verified, and an unknown app looks like a bad signature.
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

/** The response that Meta shows to a user who requested the deletion of their data. */
export interface DeletionReceipt {
  /** The page that shows the status of the deletion. */
  readonly url: string;
  readonly confirmationCode: string;
}

/** The content of a callback whose signature was verified. */
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
      // Meta does not document which of a user's two ids Instagram Login signs. No two objects at Meta share an id.
      accountId: userId as AccountId,
      occurredAt: issuedAt,
      data: {},
    },
  };
  await deps.queue.send({ body: message, group: app });
  deps.count('webhook_accepted', { provider: of.provider });
}

/**
 * Stores the request, queues the deletion, and returns where its status can be followed. A repeat gets the same
 * response.
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
  // The app's secret was found, so the app exists, and so does the provider that the secret names.
  return {
    appId: appId as AppId,
    provider: app.provider as ProviderId,
    userId,
    profileId,
    issuedAt,
  };
}

/**
 * The confirmation code: the same for the same signed text, and unguessable, because the text holds a signature of 256
 * bits. Meta requires letters and digits only.
 */
function codeFor(app: string, { body }: SignedRequest): string {
  const text = new URLSearchParams(Buffer.from(body).toString('utf8')).get('signed_request') ?? '';
  return hashedId(['data_deletion', app, text]).slice(0, 32);
}
