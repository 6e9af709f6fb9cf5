/** Works the queue of events: fans each out to the destinations of its tenant, as a message for each of them. */
import { batch } from '../lib/api/batch.ts';
import { monotonic, now, openPrecious, queueOf } from '../lib/api/compose.ts';
import { readSettings } from '../lib/config.ts';
import { eventMessage } from '../lib/messages/events.ts';
import { createDestinationStore } from '../lib/tenants/destination.ts';
import { fanOutEvent } from '../lib/webhooks/fan-out-event.ts';
import { rememberDestinations } from '../lib/webhooks/fan-out-event-destinations.ts';

const settings = readSettings('tell-tenants');
const deps = {
  activeDestinations: rememberDestinations(createDestinationStore(openPrecious(settings)), monotonic),
  deliveries: queueOf('deliveries', settings),
  incoming: queueOf('incoming', settings),
};

export const handler = batch({ functionName: 'tell-tenants', now }, eventMessage, (message) =>
  fanOutEvent(deps, message),
);
