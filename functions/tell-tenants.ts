/** Works the queue of events: each goes to the destinations of its tenant, as a message for each of them. */
import { batch } from '../lib/api/batch.ts';
import { monotonic, now, openPrecious, queueOf } from '../lib/api/compose.ts';
import { readSettings } from '../lib/config.ts';
import { createDestinationStore } from '../lib/tenants/destination.ts';
import { parseTenantEvent, tellTenant } from '../lib/webhooks/tell-tenant.ts';
import { rememberDestinations } from '../lib/webhooks/tell-tenant-destinations.ts';

const settings = readSettings('tell-tenants');
const parts = {
  activeDestinations: rememberDestinations(createDestinationStore(openPrecious(settings)), monotonic),
  deliveries: queueOf(settings.deliveriesQueueUrl),
  incoming: queueOf(settings.incomingQueueUrl),
};

export const handler = batch({ functionName: 'tell-tenants', now }, parseTenantEvent, (event) =>
  tellTenant(parts, event),
);
