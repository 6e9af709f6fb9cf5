/**
 * Sends an event to an endpoint of the tenant, signed as Standard Webhooks under the current secret and, while they are
 * being exchanged, the one before it. Each try is signed anew and has the event's own id.
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
  /** Of the purpose `destinations`: it opens nothing else. */
  readonly vault: Pick<Vault, 'decryptToken'>;
  readonly post: PinnedPost;
  readonly now: () => number;
}

/** Where a destination's secret is sealed for; the same for the current and the previous one, so that it can become that. */
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

/** @throws IntegrationError when the vault does not open the secret. */
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

/** As the standard says: 2xx is taken, 410 wants no more, and everything else, redirects included, is tried again. */
function outcomeOf(status: number, askedSeconds: number | undefined): DeliveryOutcome {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === 410) return { kind: 'gone' };
  return { kind: 'failed', error: `http_${status}`, ...(askedSeconds !== undefined && { askedSeconds }) };
}
