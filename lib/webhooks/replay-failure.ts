/**
 * Sends a message that failed back to its queue, as it was; a delivery begins anew. What was done of it before is not
 * done again: receipts and conditional writes see to that, and a tenant gets the same event under the same id.
 */
import type { Queue } from '../aws/queue.ts';
import { IntegrationError } from '../errors.ts';
import type { FiledQueue } from '../vocabulary.ts';
import type { Failure, FailureScope, FailureStore } from './failure-store.ts';
import { failureNotFound } from './list-failures.ts';
import { begunAnew } from './tell-tenant.ts';

export interface ReplayParts {
  readonly failures: Pick<FailureStore, 'get' | 'message' | 'markReplayed'>;
  readonly queues: Readonly<Record<FiledQueue, Queue>>;
}

/** @throws IntegrationError `NOT_FOUND`, `INVALID_REQUEST` for what never was a message of ours, `DATABASE_ERROR`, `PROCESSING_FAILED`. */
export async function replayFailure(parts: ReplayParts, scope: FailureScope, id: string): Promise<Failure> {
  const failure = await parts.failures.get(scope, id);
  const message = failure && (await parts.failures.message(scope, id));
  if (!failure || message === undefined) throw failureNotFound();
  await parts.queues[failure.queue].send({
    body: begunAnew(parse(message)),
    group: failure.tenantId ?? failure.context ?? 'operator',
  });
  // Marked last: a message that is sent twice does no harm, one that is lost does.
  return (await parts.failures.markReplayed(scope, id)) ?? failure;
}

function parse(message: string): unknown {
  try {
    return JSON.parse(message);
  } catch {
    throw new IntegrationError('INVALID_REQUEST', 'This message is no JSON; no worker could read it.');
  }
}
