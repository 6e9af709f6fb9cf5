/** Works the queue of deliveries: each event goes to one destination, and comes back later when it did not arrive. */
import { batch } from '../lib/api/batch.ts';
import { now } from '../lib/api/compose.ts';
import { deliveryParts } from '../lib/api/compose-delivery.ts';
import { readSettings } from '../lib/config.ts';
import { deliveryMessage } from '../lib/messages/deliveries.ts';
import { deliver } from '../lib/webhooks/deliver.ts';

const parts = deliveryParts(readSettings('deliver'));

export const handler = batch({ functionName: 'deliver', now }, deliveryMessage, (delivery, received) =>
  deliver(parts, delivery, received),
);
