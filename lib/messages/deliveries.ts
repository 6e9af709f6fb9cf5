/** The queue `deliveries`, and its dead letters: one event on its way to one destination. */
import * as z from 'zod/mini';
import { storedId, type TenantId } from '../ids.ts';
import { tenantEvent } from './tenant-event.ts';

const count = z.int().check(z.nonnegative());

/** How far a delivery is that waits for its next try. Times are epoch milliseconds. */
const waiting = z.object({
  /** How often it has been tried. */
  tries: count,
  /** When it is tried next. */
  dueAt: count,
  /** When it was first sent. */
  sentAt: count,
  /** How often a message of it had come back by itself when it was sent on. */
  copies: count,
});
/** How far a delivery came that was given up. */
const givenUp = z.object({ tries: count, sentAt: count });

export const deliveryMessage = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('delivery'),
    destinationId: z.string(),
    tenantId: storedId<TenantId>(),
    event: tenantEvent,
    /** Absent before the first try. */
    waiting: z.exactOptional(waiting),
    /** Among the dead letters only. */
    givenUp: z.exactOptional(givenUp),
  }),
]);

export type DeliveryMessage = z.output<typeof deliveryMessage>;
export type DeliveryWait = z.output<typeof waiting>;
export type DeliveryGivenUp = z.output<typeof givenUp>;

/** The delivery as it was before its first try, however far it came. */
export function restartDelivery({ kind, destinationId, tenantId, event }: DeliveryMessage): DeliveryMessage {
  return { kind, destinationId, tenantId, event };
}
