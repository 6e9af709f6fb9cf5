/** The parts of the deliverer, which alone calls addresses of tenants, and alone opens the secrets of destinations. */
import { createKms, createSqs } from '../aws/clients.ts';
import { createEventBridge, openEventBus } from '../aws/event-bus.ts';
import { openQueue } from '../aws/queue.ts';
import type { FunctionSettings } from '../config.ts';
import { connectTo, resolveAll } from '../platform-http/pinned-connection.ts';
import { createPinnedPost } from '../platform-http/pinned-post.ts';
import { createLog, logError, writeLine } from '../telemetry/log.ts';
import { createDestinationStore } from '../tenants/destination.ts';
import { createTenantStore } from '../tenants/tenant.ts';
import { openVault } from '../vault/vault.ts';
import type { DeliverParts } from '../webhooks/deliver.ts';
import { count, now, openPrecious } from './compose.ts';

export function deliveryParts(settings: FunctionSettings<'deliver'>): DeliverParts {
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
    deliveries: openQueue(sqs, settings.deliveriesQueueUrl),
    deadLetters: openQueue(sqs, settings.deliveriesDeadLettersUrl),
    now,
    random: Math.random,
    log: createLog('deliver', now),
    tellError: (error) => logError(writeLine, 'deliver', now, error),
    count,
  };
}
