/**
 * Destinations of a tenant's outbound events: https endpoints, and EventBridge buses of the AWS account. An endpoint's
 * signing secret is created here, sealed so that only the deliverer can open it, and shown once.
 */
import { openQueue } from '../aws/queue.ts';
import { destinationSealContext } from '../deliveries/deliver-https.ts';
import type { TenantId } from '../ids.ts';
import { buildDestinationTest } from '../messages/build-tenant-event.ts';
import type { DeliveryMessage } from '../messages/deliveries.ts';
import { isPublicAddress } from '../platform-http/pinned-address.ts';
import { resolveAll } from '../platform-http/pinned-connection.ts';
import { isInsecureOrigin, parsePinnedUrl } from '../platform-http/pinned-url.ts';
import { newStandardWebhookSecret } from '../signatures/standard-webhooks.ts';
import { requireNoConflict, type Updated } from '../table/update.ts';
import type { Secret } from '../telemetry/secret.ts';
import {
  createDestinationStore,
  type Destination,
  type HttpsDestination,
  mostDestinations,
  newDestinationId,
  recovered,
} from '../tenants/destination.ts';
import { openVault } from '../vault/vault.ts';
import { type AdminStores, requireLivingTenant, requireTenant, vaultDepsOf } from './deps.ts';

export type DestinationInput = { readonly url: string } | { readonly busName: string };

export interface MadeDestination {
  readonly destination: Destination;
  /** Signs deliveries to an endpoint; absent for a bus. */
  readonly secret?: Secret;
}

/** How long both secrets sign, so that the receiver has time to install the new one. */
export const rotationMilliseconds = 86_400_000;
const busPattern = /^(?:arn:[a-z-]+:events:[a-z0-9-]+:\d{12}:event-bus\/)?[\w./-]{1,256}$/;

export function destinationActions(stores: AdminStores) {
  const { connections, tenants, insecureOrigins, resolve = resolveAll, now } = stores;
  const destinations = createDestinationStore(connections);
  const vault = openVault({ ...vaultDepsOf(stores), purpose: 'destinations' });

  return {
    /** @throws Error when the address is not allowed, or the tenant already has the maximum number of destinations. */
    async addDestination(tenantId: string, input: DestinationInput): Promise<MadeDestination> {
      const tenant = await requireLivingTenant(tenants, tenantId);
      const made = 'url' in input ? await createEndpoint(tenant.id, input.url) : createBus(input.busName);
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

    /** Creates a new secret. The previous one also signs for a day; the one before that stops at once. */
    async rotateDestinationSecret(tenantId: string, id: string): Promise<Secret> {
      const tenant = await requireLivingTenant(tenants, tenantId);
      const secret = newStandardWebhookSecret();
      const sealed = await vault.encryptToken(secret, destinationSealContext(tenant.id, id));
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

    /** Enables a disabled destination. Deliveries that were filed in the meantime are sent when they are replayed. */
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

    /** Queues a test event for the deliverer. Returns the event's id. */
    async testDestination(tenantId: string, id: string): Promise<string> {
      const tenant = await requireLivingTenant(tenants, tenantId);
      const destination = await destinations.get(tenant.id, id);
      if (!destination) throw noSuchDestination(tenantId);
      if (destination.status === 'disabled') {
        throw new Error('This destination is disabled. Enable it first: hawser destination enable.');
      }
      const event = buildDestinationTest(tenant.id, id, now());
      const deliveries = openQueue<DeliveryMessage>(stores.sqs, stores.queueUrls.deliveries.queue);
      await deliveries.send({
        body: { kind: 'delivery', destinationId: id, tenantId: tenant.id, event },
        group: tenant.id,
      });
      return event.id;
    },
  };

  async function createEndpoint(
    tenantId: TenantId,
    text: string,
  ): Promise<{ readonly destination: HttpsDestination; readonly secret: Secret }> {
    const url = parsePinnedUrl(text, insecureOrigins);
    await refusePrivate(url);
    const id = newDestinationId();
    const secret = newStandardWebhookSecret();
    const sealed = await vault.encryptToken(secret, destinationSealContext(tenantId, id));
    return {
      destination: { id, kind: 'https', url: url.href, secret: sealed, status: 'active', createdAt: now() },
      secret,
    };
  }

  /** A name that does not resolve here may resolve later or elsewhere, so it passes: each delivery checks again. */
  async function refusePrivate(url: URL): Promise<void> {
    if (isInsecureOrigin(url, insecureOrigins)) return;
    const addresses = await resolve(url.hostname).catch(() => []);
    if (!addresses.every(isPublicAddress)) {
      throw new Error('The endpoint resolves to an address that is not on the public internet.');
    }
  }

  function createBus(busName: string): MadeDestination {
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
  if (requireNoConflict(updated).kind !== 'updated') throw noSuchDestination(tenantId);
}

/** The message never repeats the id, because an operator may have pasted a secret. */
function noSuchDestination(tenantId: string): Error {
  return new Error(
    `Tenant "${tenantId}" has no such destination. Give the id that \`hawser destination list\` shows.`,
  );
}
