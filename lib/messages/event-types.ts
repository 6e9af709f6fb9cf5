/** The closed vocabulary of Hawser's own events about destinations; `vocabulary.ts` holds those about connections. */
import * as z from 'zod/mini';

/** What can happen to one of a tenant's destinations. */
export const destinationEventTypes = z.enum(['destination.disabled', 'destination.test']);
export type DestinationEventType = z.output<typeof destinationEventTypes>;
