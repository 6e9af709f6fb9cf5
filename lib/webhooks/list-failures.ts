/** What tenants are shown of messages that failed: names, ids and times. What an event brought with it stays masked. */
import { IntegrationError } from '../errors.ts';
import type { TenantId } from '../ids.ts';
import { type FiledQueue, filedQueues } from './failure-id.ts';
import type { Failure, FailureStore } from './failure-store.ts';

export interface FailureView {
  readonly id: string;
  readonly queue: FiledQueue;
  readonly type: string;
  readonly provider: string | null;
  readonly accountId: string | null;
  readonly connectionId: string | null;
  readonly destinationId: string | null;
  readonly eventId: string | null;
  readonly error: string;
  readonly tries: number;
  readonly status: 'failed' | 'replayed';
  readonly sentAt: string;
  readonly failedAt: string;
  readonly replayedAt: string | null;
  /** What the event brought, each value masked. */
  readonly data: Readonly<Record<string, '[masked]'>>;
}

/** How much of a tenant's has failed in one queue and was not sent again yet. */
export interface FailureCount {
  readonly name: FiledQueue;
  readonly failed: number;
  readonly oldestSentAt: string | null;
}

/** More than anybody counts; the answer says when there are more. */
const mostCounted = 1_000;

type Failures = Pick<FailureStore, 'list' | 'get' | 'all'>;

/** One page, the newest first. @throws IntegrationError `DATABASE_ERROR`. */
export async function listFailures(
  failures: Failures,
  tenantId: TenantId,
  page: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<{ readonly failures: readonly FailureView[]; readonly nextCursor: string | null }> {
  const found = await failures.list(tenantId, page);
  return { failures: found.failures.map(viewOf), nextCursor: found.cursor ?? null };
}

/** @throws IntegrationError `NOT_FOUND`, `DATABASE_ERROR`. */
export async function getFailure(failures: Failures, tenantId: TenantId, id: string): Promise<FailureView> {
  const failure = await failures.get(tenantId, id);
  if (!failure) throw failureNotFound();
  return viewOf(failure);
}

/** Whether everything was counted, and what there is in each queue. @throws IntegrationError `DATABASE_ERROR`. */
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
  const queues = filedQueues.map((name) => {
    const own = counted.filter(({ queue }) => queue === name);
    const [oldest] = own;
    return { name, failed: own.length, oldestSentAt: oldest ? timeText(oldest.sentAt) : null };
  });
  return { queues, complete };
}

export function viewOf(failure: Failure): FailureView {
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
