/** The closed vocabulary of Hawser's own events. A platform's events keep the platform's names, which nobody can list here. */
import * as z from 'zod/mini';

/** What can happen to a connection. */
export const connectionEventTypes = z.enum([
  'connection.created',
  'connection.refreshed',
  'connection.expiring',
  'connection.reconnect_required',
  'connection.misconfigured',
  'connection.recovered',
  'connection.disconnected',
]);
export type ConnectionEventType = z.output<typeof connectionEventTypes>;

/** What can happen to one of a tenant's destinations. */
export const destinationEventTypes = z.enum(['destination.disabled', 'destination.test']);
export type DestinationEventType = z.output<typeof destinationEventTypes>;
