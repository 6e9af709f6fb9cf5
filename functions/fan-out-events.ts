/** Worker of the queue `events`: fans each event out to its tenant's destinations, as one message for each. */

import { readSettings } from '../lib/config.ts';
import { createActiveDestinations } from '../lib/deliveries/active-destinations.ts';
import { fanOutEvent } from '../lib/deliveries/fan-out-event.ts';
import { eventMessage } from '../lib/messages/events.ts';
import { batch } from '../lib/runtime/batch.ts';
import { monotonic, now, openConnectionsTable, queueOf } from '../lib/runtime/compose.ts';
import { createDestinationStore } from '../lib/tenants/destination.ts';

const settings = readSettings('fan-out-events');
const deps = {
  activeDestinations: createActiveDestinations(
    createDestinationStore(openConnectionsTable(settings)),
    monotonic,
  ),
  deliveries: queueOf('deliveries', settings),
  incoming: queueOf('incoming', settings),
};

export const handler = batch({ functionName: 'fan-out-events', now }, eventMessage, (message) =>
  fanOutEvent(deps, message),
);
