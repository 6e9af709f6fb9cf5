/** Puts an event on an EventBridge bus of this AWS account, whose rules can match its type and fields. */
import type { PutEvent } from '../aws/event-bus.ts';
import type { TenantEvent } from '../messages/tenant-event.ts';
import type { BusDestination } from '../tenants/destination.ts';
import type { DeliveryOutcome } from './delivery-outcome.ts';

/** The `source` that EventBridge rules match. */
export const eventSource = 'hawser';

export async function deliverToBus(
  putEvent: PutEvent,
  { busName }: BusDestination,
  event: TenantEvent,
): Promise<DeliveryOutcome> {
  const error = await putEvent({
    busName,
    source: eventSource,
    type: event.type,
    occurredAt: new Date(event.occurredAt),
    detail: event,
  });
  return error === undefined ? { kind: 'delivered' } : { kind: 'failed', error: `bus_${error}` };
}
