/** The failures that the API shows to a tenant: types, ids and times. The event's data stays masked. */

import type { FailureCount, FailureView } from '../contract/views.ts';
import { IntegrationError } from '../errors.ts';
import type { TenantId } from '../ids.ts';
import { filedQueue } from '../vocabulary.ts';
import type { Failure, FailureStore } from './failure-store.ts';

/** Counting stops here, and the result says that it is incomplete. */
const mostCounted = 1_000;

type Failures = Pick<FailureStore, 'list' | 'get' | 'all'>;

/** One page, the newest first. @throws IntegrationError `DATABASE_ERROR`. */
export async function listFailures(
  failures: Failures,
  tenantId: TenantId,
  page: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<{ readonly failures: readonly FailureView[]; readonly nextCursor: string | null }> {
  const found = await failures.list(tenantId, page);
  return { failures: found.failures.map(failureView), nextCursor: found.cursor ?? null };
}

/** @throws IntegrationError `NOT_FOUND`, `DATABASE_ERROR`. */
export async function getFailure(failures: Failures, tenantId: TenantId, id: string): Promise<FailureView> {
  const failure = await failures.get(tenantId, id);
  if (!failure) throw failureNotFound();
  return failureView(failure);
}

/**
 * Counts the unreplayed failures of each queue; `complete` says whether it counted all.
 * @throws IntegrationError `DATABASE_ERROR`.
 */
export async function countFailures(
  failures: Failures,
  tenantId: TenantId,
): Promise<{ readonly queues: readonly FailureCount[]; readonly complete: boolean }> {
  const counted: Failure[] = [];
  let complete = true;
  for await (const failure of failures.all(tenantId)) {
    if (counted.length === mostCounted) {
      complete = false;
      break;
    }
    if (failure.status === 'failed') counted.push(failure);
  }
  const queues = filedQueue.options.map((name) => {
    const own = counted.filter(({ queue }) => queue === name);
    const [oldest] = own;
    return { name, failed: own.length, oldestSentAt: oldest ? timeText(oldest.sentAt) : null };
  });
  return { queues, complete };
}

export function failureView(failure: Failure): FailureView {
  const { id, queue, type, error, tries, status, sentAt, failedAt, replayedAt, fields } = failure;
  const { provider, accountId, connectionId, destinationId, eventId } = failure;
  return {
    id,
    queue,
    type,
    provider: provider ?? null,
    accountId: accountId ?? null,
    connectionId: connectionId ?? null,
    destinationId: destinationId ?? null,
    eventId: eventId ?? null,
    error,
    tries,
    status,
    sentAt: timeText(sentAt),
    failedAt: timeText(failedAt),
    replayedAt: replayedAt === undefined ? null : timeText(replayedAt),
    data: Object.fromEntries(fields.map((name) => [name, '[masked]' as const])),
  };
}

export function failureNotFound(): IntegrationError {
  return new IntegrationError('NOT_FOUND', 'There is no such failure. Failures are kept for two weeks.');
}

function timeText(time: number): string {
  return new Date(time).toISOString();
}
