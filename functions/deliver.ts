/** Worker of the queue `deliveries`: delivers each event to one destination, and reschedules it when that fails. */

import { readSettings } from '../lib/config.ts';
import { deliver } from '../lib/deliveries/deliver.ts';
import { deliveryMessage } from '../lib/messages/deliveries.ts';
import { batch } from '../lib/runtime/batch.ts';
import { now } from '../lib/runtime/compose.ts';
import { deliveryDeps } from '../lib/runtime/compose-delivery.ts';

const deps = deliveryDeps(readSettings('deliver'));

export const handler = batch({ functionName: 'deliver', now }, deliveryMessage, (delivery, received) =>
  deliver(deps, delivery, received),
);
