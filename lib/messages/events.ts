/**
 * The queue `events`: what the fan-out sends to a tenant's destinations. The kind says where an event comes from; its
 * type cannot, because platforms choose the names of theirs.
 */
import * as z from 'zod/mini';
import { connectionEvent, destinationDisabledEvent, platformEvent } from './tenant-event.ts';

export const eventMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('connection_event'), event: connectionEvent }),
  z.object({ kind: z.literal('platform_event'), event: platformEvent }),
  z.object({ kind: z.literal('destination_event'), event: destinationDisabledEvent }),
]);

export type EventMessage = z.output<typeof eventMessage>;
