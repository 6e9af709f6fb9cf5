/** The parts of the deliverer, which alone calls addresses of tenants, and alone opens the secrets of destinations. */
import { createKms, createSqs } from '../aws/clients.ts';
import { createEventBridge, openEventBus } from '../aws/event-bus.ts';
import { hideMessage, openQueue } from '../aws/queue.ts';
import type { FunctionSettings } from '../config.ts';
import { connectTo, resolveAll } from '../platform-http/pinned-connection.ts';
import { createPinnedPost } from '../platform-http/pinned-post.ts';
import { createLog } from '../telemetry/log.ts';
import { createDestinationStore } from '../tenants/destination.ts';
import { createTenantStore } from '../tenants/tenant.ts';
import { openVault } from '../vault/vault.ts';
import type { DeliverParts } from '../webhooks/deliver.ts';
import { count, now, openPrecious } from './compose.ts';

export interface DeliveryParts extends DeliverParts {
  /** Keeps a message that was received from showing again for so many seconds. */
  readonly hide: (receiptHandle: string, seconds: number) => Promise<void>;
}

export function deliveryParts(settings: FunctionSettings<'deliver'>): DeliveryParts {
  const { insecureOrigins } = settings;
  const table = openPrecious(settings);
  const tenants = createTenantStore(table);
  const sqs = createSqs();
  return {
    destinations: createDestinationStore(table),
    vault: openVault({
      kms: createKms(),
      table,
      keyId: settings.vaultKeyId,
      kmsKeyOf: async (tenantId) => (await tenants.get(tenantId))?.kmsKeyId,
      purpose: 'destinations',
      now,
      onKmsCall: () => count('kms_call'),
    }),
    post: createPinnedPost({ resolve: resolveAll, connect: connectTo, insecureOrigins }),
    putEvent: openEventBus(createEventBridge()),
    events: openQueue(sqs, settings.eventsQueueUrl),
    hide: (receiptHandle, seconds) => hideMessage(sqs, settings.deliveriesQueueUrl, receiptHandle, seconds),
    now,
    random: Math.random,
    log: createLog('deliver', now),
    count,
  };
}
