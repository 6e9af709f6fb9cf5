/** An event as tenants get it: the same shape for every platform, the platform's own words in `data`. */
import { createHash } from 'node:crypto';
import type { Connection } from '../connections/connection.ts';
import type { IncomingEvent } from './incoming-event.ts';

export interface NormalisedEvent {
  /** The same for every sending of the same event to the same connection. */
  readonly id: string;
  readonly provider: string;
  /** The platform's own name of it. */
  readonly type: string;
  readonly tenantId: string;
  readonly connectionId: string;
  readonly accountId: string;
  readonly userId: string;
  readonly occurredAt: string;
  readonly receivedAt: string;
  /** Whether something later about the same thing is known already. */
  readonly superseded: boolean;
  readonly data: Readonly<Record<string, unknown>>;
}

export function normalise(
  message: IncomingEvent,
  connection: Connection,
  state: { readonly superseded: boolean },
): NormalisedEvent {
  const { event, provider, receivedAt, context } = message;
  const identity = createHash('sha256')
    .update(JSON.stringify([context, event.id, connection.id]))
    .digest('base64url');
  return {
    id: `evt_${identity.slice(0, 22)}`,
    provider,
    type: event.type,
    tenantId: connection.tenantId,
    connectionId: connection.id,
    accountId: connection.accountId,
    userId: connection.userId,
    occurredAt: new Date(event.occurredAt ?? receivedAt).toISOString(),
    receivedAt: new Date(receivedAt).toISOString(),
    superseded: state.superseded,
    data: event.data,
  };
}
