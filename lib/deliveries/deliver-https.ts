/**
 * Posts an event to a tenant's https endpoint, signed by Standard Webhooks under the current secret and, during a
 * rotation, under the previous one as well. Every attempt has a new signature and the same event id.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import type { ProviderId, TenantId } from '../ids.ts';
import type { TenantEvent } from '../messages/tenant-event.ts';
import { retryAfterSeconds } from '../oauth/outcome.ts';
import type { PinnedPost } from '../platform-http/pinned-post.ts';
import { signStandardWebhook } from '../signatures/standard-webhooks.ts';
import type { HttpsDestination } from '../tenants/destination.ts';
import type { SealContext } from '../vault/seal-context.ts';
import type { Vault } from '../vault/vault.ts';
import type { DeliveryOutcome } from './delivery-outcome.ts';

export interface DeliverHttpsDeps {
  /** Opened for the purpose `destinations`, so it cannot open credentials. */
  readonly vault: Pick<Vault, 'decryptToken'>;
  readonly post: PinnedPost;
  readonly now: () => number;
}

/**
 * The seal context of a destination's secret. The current and the previous secret share it, so that a rotation need not
 * re-seal.
 */
export function destinationSealContext(tenantId: TenantId, destinationId: string): SealContext {
  return {
    tenantId,
    kind: 'destination',
    recordId: destinationId,
    field: 'secret',
    provider: '' as ProviderId,
    account: '',
  };
}

/** @throws IntegrationError when the vault cannot open the secret. */
export async function deliverHttps(
  { vault, post, now }: DeliverHttpsDeps,
  destination: HttpsDestination,
  event: TenantEvent,
): Promise<DeliveryOutcome> {
  const { id, url, secret, previous } = destination;
  const sealContext = destinationSealContext(event.tenantId, id);
  const sealed = [secret, ...(previous && now() < previous.until ? [previous.secret] : [])];
  const secrets = await Promise.all(sealed.map((one) => vault.decryptToken(one, sealContext)));
  const body = Buffer.from(JSON.stringify(event), 'utf8');
  const answer = await post({
    url,
    headers: {
      'content-type': 'application/json',
      ...signStandardWebhook({ id: event.id, timestamp: now(), body }, secrets),
    },
    body,
  });
  switch (answer.kind) {
    case 'refused':
      return { kind: 'failed', error: 'forbidden_address' };
    case 'unreachable':
      return { kind: 'failed', error: 'unreachable' };
    case 'lost':
      return { kind: 'failed', error: 'no_answer' };
    case 'answered':
      return outcomeOf(answer.status, retryAfterSeconds(answer.retryAfter ?? null, now()));
  }
}

/**
 * By the standard: 2xx accepts the event, 410 ends the subscription, and anything else, redirects included, is retried.
 */
function outcomeOf(status: number, askedSeconds: number | undefined): DeliveryOutcome {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === 410) return { kind: 'gone' };
  return { kind: 'failed', error: `http_${status}`, ...(askedSeconds !== undefined && { askedSeconds }) };
}
