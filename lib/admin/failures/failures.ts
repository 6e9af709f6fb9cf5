/**
 * Lists and replays the filed failures of each tenant, and those that belong to no tenant. Also gives the statistics of
 * every queue.
 */
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { openQueue } from '../../aws/queue.ts';
import { createFailureStore, type Failure, type FailureScope } from '../../failures/failure-store.ts';
import { replayFailure, requireReplayed } from '../../failures/replay-failure.ts';
import type { MessageOf } from '../../messages/queue-messages.ts';
import { type AdminStores, type ReplayCounts, requireTenant } from '../deps.ts';
import { allTenants } from '../tenants/tenants.ts';
import { deadLetterActions } from './dead-letters.ts';

/** Selects one tenant's failures, all failures or, with neither field, those that belong to no tenant. */
export interface WhoseFailures {
  readonly tenantId?: string;
  readonly everybody?: boolean;
}

export interface QueueStatistics {
  readonly queue: string;
  /** Approximate, like every count of SQS. */
  readonly waiting: number;
  readonly inFlight: number;
  readonly delayed: number;
  readonly deadLetters: number;
  /** The filed failures of all tenants that have not been replayed. */
  readonly failed: number;
  /**
   * When the oldest message among the filed failures and the listed dead letters was sent, epoch milliseconds. SQS does
   * not report the age of waiting messages; an alarm on its metric watches that.
   */
  readonly oldestFailedAt?: number;
}

/** As many as a person is likely to read. */
const mostListed = 200;

export function failureActions(stores: AdminStores) {
  const { activity, tenants, now, sqs, queueUrls } = stores;
  const failures = createFailureStore(activity, now);
  const deadLetters = deadLetterActions(stores);
  const queues = {
    incoming: openQueue<MessageOf<'incoming'>>(sqs, queueUrls.incoming.queue),
    events: openQueue<MessageOf<'events'>>(sqs, queueUrls.events.queue),
    deliveries: openQueue<MessageOf<'deliveries'>>(sqs, queueUrls.deliveries.queue),
  };

  return {
    /** The newest first; `more` says that the list is incomplete. */
    async listFailures(
      filter: WhoseFailures,
    ): Promise<{ readonly failures: readonly Failure[]; readonly more: boolean }> {
      const found: Failure[] = [];
      let more = false;
      for await (const scope of scopesOf(filter)) {
        const page = await failures.list(scope, { limit: mostListed });
        found.push(...page.failures);
        more ||= page.cursor !== undefined;
      }
      found.sort((one, other) => other.sentAt - one.sentAt);
      return { failures: found.slice(0, mostListed), more: more || found.length > mostListed };
    },

    async findFailure(id: string, tenantId?: string): Promise<Failure> {
      const failure = await failures.get(await scopeOf(tenantId), id);
      if (!failure) throw noSuchFailure();
      return failure;
    },

    /** Sends one failure back to its queue. */
    async replayFailure(id: string, tenantId?: string): Promise<Failure> {
      const scope = await scopeOf(tenantId);
      if (!(await failures.get(scope, id))) throw noSuchFailure();
      return requireReplayed(await replayFailure({ failures, queues }, scope, id));
    },

    /** Sends back every failure that has not been replayed and that a worker can read. */
    async replayFailures(filter: WhoseFailures): Promise<ReplayCounts> {
      const counts = { replayed: 0, unreadable: 0 };
      for await (const scope of scopesOf(filter)) {
        for await (const { id, status, type } of failures.all(scope)) {
          if (status === 'replayed') continue;
          // An unreadable message would only fail again.
          const { kind } =
            type === 'unreadable'
              ? ({ kind: 'unreadable' } as const)
              : await replayFailure({ failures, queues }, scope, id);
          if (kind !== 'not_found') counts[kind] += 1;
        }
      }
      return counts;
    },

    async queueStatistics(): Promise<readonly QueueStatistics[]> {
      const filed = new Map<string, { failed: number; oldestFailedAt?: number }>();
      for await (const scope of scopesOf({ everybody: true })) {
        for await (const { queue, status, sentAt } of failures.all(scope)) {
          if (status === 'replayed') continue;
          const { failed = 0, oldestFailedAt = sentAt } = filed.get(queue) ?? {};
          filed.set(queue, { failed: failed + 1, oldestFailedAt: Math.min(oldestFailedAt, sentAt) });
        }
      }
      return Promise.all(
        Object.entries(queueUrls).map(async ([queue, pair]) => {
          const [own, dead] = await Promise.all([messagesOf(pair.queue), messagesOf(pair.deadLetters)]);
          const deadLetters = dead.waiting + dead.inFlight;
          const { failed = 0, oldestFailedAt } = filed.get(queue) ?? {};
          const oldestLetter = deadLetters === 0 ? undefined : await oldestDeadLetter(queue);
          const oldest = [oldestFailedAt, oldestLetter].filter((time) => time !== undefined);
          return {
            queue,
            ...own,
            deadLetters,
            failed,
            ...(oldest.length > 0 && { oldestFailedAt: Math.min(...oldest) }),
          };
        }),
      );
    },
  };

  async function oldestDeadLetter(queue: string): Promise<number | undefined> {
    const { letters } = await deadLetters.listDeadLetters(queue);
    return letters[0]?.sentAt;
  }

  async function messagesOf(url: string) {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: url,
        AttributeNames: [
          'ApproximateNumberOfMessages',
          'ApproximateNumberOfMessagesNotVisible',
          'ApproximateNumberOfMessagesDelayed',
        ],
      }),
    );
    return {
      waiting: Number(Attributes['ApproximateNumberOfMessages'] ?? 0),
      inFlight: Number(Attributes['ApproximateNumberOfMessagesNotVisible'] ?? 0),
      delayed: Number(Attributes['ApproximateNumberOfMessagesDelayed'] ?? 0),
    };
  }

  async function scopeOf(tenantId: string | undefined): Promise<FailureScope> {
    return tenantId === undefined ? undefined : (await requireTenant(tenants, tenantId)).id;
  }

  async function* scopesOf({ tenantId, everybody }: WhoseFailures): AsyncGenerator<FailureScope> {
    yield await scopeOf(tenantId);
    if (!everybody || tenantId !== undefined) return;
    for await (const { id } of allTenants(tenants)) yield id;
  }
}

function noSuchFailure(): Error {
  return new Error(
    'There is no such failure. Give an id, and its tenant, as `hawser failures list` shows them.',
  );
}
