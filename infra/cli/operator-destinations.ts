/**
 * Where tenants hear of their events: endpoints of their own and event buses of the account. The secret that signs for
 * an endpoint is made here, sealed for the deliverer alone, and given out once.
 */
import { openQueue } from '../../lib/aws/queue.ts';
import { type TenantId, token } from '../../lib/ids.ts';
import { isPublicAddress } from '../../lib/platform-http/pinned-address.ts';
import { resolveAll } from '../../lib/platform-http/pinned-connection.ts';
import { isInsecureOrigin, parsePinnedUrl } from '../../lib/platform-http/pinned-url.ts';
import { newStandardWebhookSecret } from '../../lib/signatures/standard-webhooks.ts';
import { requireNoConflict, type Updated } from '../../lib/table/update.ts';
import type { Secret } from '../../lib/telemetry/secret.ts';
import {
  createDestinationStore,
  type Destination,
  type HttpsDestination,
  mostDestinations,
  newDestinationId,
  recovered,
} from '../../lib/tenants/destination.ts';
import { openVault } from '../../lib/vault/vault.ts';
import { destinationSecretPlace } from '../../lib/webhooks/deliver-https.ts';
import type { Delivery } from '../../lib/webhooks/tell-tenant.ts';
import { type OperatorStores, requireLivingTenant, requireTenant, vaultPartsOf } from './operator-parts.ts';

export type DestinationInput = { readonly url: string } | { readonly busName: string };

export interface MadeDestination {
  readonly destination: Destination;
  /** Signs what goes to an endpoint; a bus has none. */
  readonly secret?: Secret;
}

/** Long enough for whoever checks signatures to learn the new secret. */
export const rotationMilliseconds = 86_400_000;
const busPattern = /^(?:arn:[a-z-]+:events:[a-z0-9-]+:\d{12}:event-bus\/)?[\w./-]{1,256}$/;

export function destinationVerbs(stores: OperatorStores) {
  const { connections, tenants, insecureOrigins, resolve = resolveAll, now } = stores;
  const destinations = createDestinationStore(connections);
  const vault = openVault({ ...vaultPartsOf(stores), purpose: 'destinations' });

  return {
    /** @throws Error when the address is none to send to, or the tenant has as many destinations as there may be. */
    async addDestination(tenantId: string, input: DestinationInput): Promise<MadeDestination> {
      const tenant = await requireLivingTenant(tenants, tenantId);
      const made = 'url' in input ? await endpoint(tenant.id, input.url) : bus(input.busName);
      const updated = await destinations.update(tenant.id, (before) => {
        if (before.length >= mostDestinations) {
          throw new Error(`A tenant has at most ${mostDestinations} destinations. Remove one first.`);
        }
        if (before.some((one) => addressOf(one) === addressOf(made.destination))) {
          throw new Error('This tenant has this destination already.');
        }
        return [...before, made.destination];
      });
      requireNoConflict(updated);
      return made;
    },

    async listDestinations(tenantId: string): Promise<readonly Destination[]> {
      return destinations.list((await requireTenant(tenants, tenantId)).id);
    },

    /** A new secret. The one before it signs as well for a day; the one before that ends now. */
    async rotateDestinationSecret(tenantId: string, id: string): Promise<Secret> {
      const tenant = await requireLivingTenant(tenants, tenantId);
      const secret = newStandardWebhookSecret();
      const sealed = await vault.encryptToken(secret, destinationSecretPlace(tenant.id, id));
      const updated = await destinations.updateOne(tenant.id, id, (one) => {
        if (one.kind !== 'https') throw new Error('An event bus has no secret.');
        return {
          ...one,
          secret: sealed,
          previous: { secret: one.secret, until: now() + rotationMilliseconds },
        };
      });
      requireUpdated(updated, tenantId);
      return secret;
    },

    /** Sends to a disabled destination again. What came for it meanwhile was filed, and is sent when that is replayed. */
    async enableDestination(tenantId: string, id: string): Promise<void> {
      const tenant = await requireLivingTenant(tenants, tenantId);
      requireUpdated(await destinations.updateOne(tenant.id, id, recovered), tenantId);
    },

    async removeDestination(tenantId: string, id: string): Promise<void> {
      const tenant = await requireTenant(tenants, tenantId);
      const updated = await destinations.update(tenant.id, (before) => {
        const left = before.filter((one) => one.id !== id);
        return left.length === before.length ? undefined : left;
      });
      requireUpdated(updated, tenantId);
    },

    /** Sends an event that means nothing, by the deliverer. Answers the event's id. */
    async testDestination(tenantId: string, id: string): Promise<string> {
      const tenant = await requireLivingTenant(tenants, tenantId);
      const destination = await destinations.get(tenant.id, id);
      if (!destination) throw unknown(tenantId);
      if (destination.status === 'disabled') {
        throw new Error('This destination is disabled. Enable it first: hawser destination enable.');
      }
      const event = {
        id: `evt_${token(16)}`,
        type: 'destination.test',
        tenantId: tenant.id,
        occurredAt: new Date(now()).toISOString(),
        data: { destinationId: id },
      };
      const body: Delivery = { destinationId: id, tenantId: tenant.id, event };
      await openQueue(stores.sqs, stores.queueUrls.deliveries.queue).send({ body, group: tenant.id });
      return event.id;
    },
  };

  async function endpoint(
    tenantId: TenantId,
    text: string,
  ): Promise<{ readonly destination: HttpsDestination; readonly secret: Secret }> {
    const url = parsePinnedUrl(text, insecureOrigins);
    await refusePrivate(url);
    const id = newDestinationId();
    const secret = newStandardWebhookSecret();
    const sealed = await vault.encryptToken(secret, destinationSecretPlace(tenantId, id));
    return {
      destination: { id, kind: 'https', url: url.href, secret: sealed, status: 'active', createdAt: now() },
      secret,
    };
  }

  /** A name that cannot be resolved from here may be so tomorrow, or from there: each delivery looks again. */
  async function refusePrivate(url: URL): Promise<void> {
    if (isInsecureOrigin(url, insecureOrigins)) return;
    const addresses = await resolve(url.hostname).catch(() => []);
    if (!addresses.every(isPublicAddress)) {
      throw new Error('The endpoint leads to an address that is not of the public internet.');
    }
  }

  function bus(busName: string): MadeDestination {
    if (!busPattern.test(busName)) {
      throw new Error('A bus is named by its name or its ARN: arn:aws:events:REGION:ACCOUNT:event-bus/NAME.');
    }
    const id = newDestinationId();
    return { destination: { id, kind: 'eventbridge', busName, status: 'active', createdAt: now() } };
  }
}

function addressOf(destination: Destination): string {
  return destination.kind === 'https' ? destination.url : destination.busName;
}

function requireUpdated(updated: Updated<unknown>, tenantId: string): void {
  if (requireNoConflict(updated).kind !== 'updated') throw unknown(tenantId);
}

/** The message never repeats the id: somebody may have pasted a secret. */
function unknown(tenantId: string): Error {
  return new Error(
    `Tenant "${tenantId}" has no such destination. Give the id that \`hawser destination list\` shows.`,
  );
}
