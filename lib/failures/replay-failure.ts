/**
 * Replays a failed message: sends it back to its queue, a delivery with its attempts reset. Idempotency claims and
 * conditional writes keep effects from being repeated, and a tenant receives the same event under the same id.
 */
import type { Queue } from '../aws/queue.ts';
import { deliveryMessage, restartDelivery } from '../messages/deliveries.ts';
import { eventMessage } from '../messages/events.ts';
import { incomingMessage } from '../messages/incoming.ts';
import { readMessage, unreadableMessage } from '../messages/parse-message.ts';
import type { MessageOf } from '../messages/queue-messages.ts';
import type { FiledQueue } from '../vocabulary.ts';
import type { Failure, FailureScope, FailureStore } from './failure-store.ts';
import { failureNotFound } from './failure-views.ts';

export interface ReplayDeps {
  readonly failures: Pick<FailureStore, 'get' | 'message' | 'markReplayed'>;
  readonly queues: { readonly [Name in FiledQueue]: Queue<MessageOf<Name>> };
}

export type ReplayResult =
  | { readonly kind: 'replayed'; readonly failure: Failure }
  | { readonly kind: 'not_found' }
  /** The body does not fit its queue's schema, so no worker could read it; nothing was sent. */
  | { readonly kind: 'unreadable' };

/** @throws IntegrationError `DATABASE_ERROR`, `PROCESSING_FAILED`. */
export async function replayFailure(
  deps: ReplayDeps,
  scope: FailureScope,
  id: string,
): Promise<ReplayResult> {
  const failure = await deps.failures.get(scope, id);
  const text = failure && (await deps.failures.message(scope, id));
  if (!failure || text === undefined) return { kind: 'not_found' };
  const group = failure.tenantId ?? failure.appId ?? 'operator';
  if (!(await sendBack(deps.queues, { queue: failure.queue, text, group }))) return { kind: 'unreadable' };
  // Marked after the send: a message sent twice does no harm, a lost one does.
  return { kind: 'replayed', failure: (await deps.failures.markReplayed(scope, id)) ?? failure };
}

/** @throws IntegrationError `NOT_FOUND`, `INVALID_REQUEST` when nothing was sent. */
export function requireReplayed(replay: ReplayResult): Failure {
  switch (replay.kind) {
    case 'replayed':
      return replay.failure;
    case 'not_found':
      throw failureNotFound();
    case 'unreadable':
      throw unreadableMessage();
  }
}

/** Sends the body when it fits its queue's schema. Returns whether it did. */
async function sendBack(
  queues: ReplayDeps['queues'],
  { queue, text, group }: { readonly queue: FiledQueue; readonly text: string; readonly group: string },
): Promise<boolean> {
  switch (queue) {
    case 'incoming': {
      const body = readMessage(incomingMessage, text);
      if (body) await queues.incoming.send({ body, group });
      return body !== undefined;
    }
    case 'events': {
      const body = readMessage(eventMessage, text);
      if (body) await queues.events.send({ body, group });
      return body !== undefined;
    }
    case 'deliveries': {
      const body = readMessage(deliveryMessage, text);
      if (body) await queues.deliveries.send({ body: restartDelivery(body), group });
      return body !== undefined;
    }
  }
}
