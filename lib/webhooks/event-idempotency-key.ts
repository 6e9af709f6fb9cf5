/** The idempotency key of a webhook event: what is handled once is the event of an app, or its part for one connection. */
import { createHash } from 'node:crypto';
import type { WebhookEventMessage } from '../messages/incoming.ts';

export function eventIdempotencyKey({ appId, event, connection }: WebhookEventMessage): string {
  if (!connection) return event.id;
  const parts = [appId, event.id, connection.id];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
