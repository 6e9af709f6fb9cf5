/** The dependencies of `deliver`, the only function that calls tenants' addresses and opens destinations' secrets. */
import { createSqs } from '../aws/clients.ts';
import { createEventBridge, openEventBus } from '../aws/event-bus.ts';
import { openQueue } from '../aws/queue.ts';
import type { FunctionSettings } from '../config.ts';
import type { DeliverDeps } from '../deliveries/deliver.ts';
import { connectTo, resolveAll } from '../platform-http/pinned-connection.ts';
import { createPinnedPost } from '../platform-http/pinned-post.ts';
import { createLog, logError, writeLine } from '../telemetry/log.ts';
import { createDestinationStore } from '../tenants/destination.ts';
import { count, now, openConnectionsTable, queueOf, vaultOf } from './compose.ts';

export function deliveryDeps(settings: FunctionSettings<'deliver'>): DeliverDeps {
  const { insecureOrigins } = settings;
  const table = openConnectionsTable(settings);
  const sqs = createSqs();
  return {
    destinations: createDestinationStore(table),
    vault: vaultOf(table, settings, 'destinations'),
    post: createPinnedPost({ resolve: resolveAll, connect: connectTo, insecureOrigins }),
    putEvent: openEventBus(createEventBridge()),
    events: queueOf('events', settings, sqs),
    deliveries: queueOf('deliveries', settings, sqs),
    deadLetters: openQueue(sqs, settings.deliveriesDeadLettersUrl),
    now,
    random: Math.random,
    log: createLog('deliver', now),
    logFailure: (error) => logError(writeLine, 'deliver', now, error),
    count,
  };
}
