/**
 * The idempotency key of a webhook event: one for the event at its app, and one for each connection it is applied to.
 */
import { createHash } from 'node:crypto';
import type { WebhookEventMessage } from '../messages/incoming.ts';

export function eventIdempotencyKey({ appId, event, connection }: WebhookEventMessage): string {
  if (!connection) return event.id;
  const parts = [appId, event.id, connection.id];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
