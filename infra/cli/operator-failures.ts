/**
 * Events and deliveries that failed for good and were filed: those of tenants, and those that are nobody's but the
 * operator's. And how full every queue is.
 */
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { openQueue } from '../../lib/aws/queue.ts';
import type { TenantId } from '../../lib/ids.ts';
import type { MessageOf } from '../../lib/messages/queue-messages.ts';
import type { Item } from '../../lib/table/table.ts';
import { createFailureStore, type Failure, type FailureScope } from '../../lib/webhooks/failure-store.ts';
import { replayedFailure, replayFailure } from '../../lib/webhooks/replay-failure.ts';
import { queueNames } from '../topology.ts';
import type { QueueName } from '../topology-rows.ts';
import { deadLetterVerbs } from './operator-dead-letters.ts';
import { type OperatorStores, requireTenant } from './operator-parts.ts';

/** Whose failures: one tenant's, everybody's, or those that are nobody's but the operator's. */
export interface WhoseFailures {
  readonly tenantId?: string;
  readonly everybody?: boolean;
}

export interface QueueStatistics {
  readonly queue: QueueName;
  /** Nearly, as SQS counts. */
  readonly waiting: number;
  readonly inFlight: number;
  readonly delayed: number;
  readonly deadLetters: number;
  /** Filed and not sent again; of whomever. */
  readonly failed: number;
  /**
   * When the oldest was sent, epoch milliseconds, of what was filed and of the dead letters as far as anybody looks
   * through them. SQS tells no age of what waits; an alarm on its metric watches that.
   */
  readonly oldestFailedAt?: number;
}

/** As many as a person looks through. */
const mostListed = 200;

export function failureVerbs(stores: OperatorStores) {
  const { activity, tenants, now, sqs, queueUrls } = stores;
  const failures = createFailureStore(activity, now);
  const letterVerbs = deadLetterVerbs(stores);
  const queues = {
    incoming: openQueue<MessageOf<'incoming'>>(sqs, queueUrls.incoming.queue),
    events: openQueue<MessageOf<'events'>>(sqs, queueUrls.events.queue),
    deliveries: openQueue<MessageOf<'deliveries'>>(sqs, queueUrls.deliveries.queue),
  };

  return {
    /** The newest first, and whether there are more than are shown. */
    async listFailures(
      whose: WhoseFailures,
    ): Promise<{ readonly failures: readonly Failure[]; readonly more: boolean }> {
      const found: Failure[] = [];
      let more = false;
      for await (const scope of scopesOf(whose)) {
        const page = await failures.list(scope, { limit: mostListed });
        found.push(...page.failures);
        more ||= page.cursor !== undefined;
      }
      found.sort((one, other) => other.sentAt - one.sentAt);
      return { failures: found.slice(0, mostListed), more: more || found.length > mostListed };
    },

    async findFailure(id: string, tenantId?: string): Promise<Failure> {
      const failure = await failures.get(await scopeOf(tenantId), id);
      if (!failure) throw notThere();
      return failure;
    },

    /** Sends one back to its queue. */
    async replayFailure(id: string, tenantId?: string): Promise<Failure> {
      const scope = await scopeOf(tenantId);
      if (!(await failures.get(scope, id))) throw notThere();
      return replayedFailure(await replayFailure({ failures, queues }, scope, id));
    },

    /** Sends back all that were not sent back yet and that a worker can read. Answers how many. */
    async replayFailures(whose: WhoseFailures): Promise<number> {
      let replayed = 0;
      for await (const scope of scopesOf(whose)) {
        for await (const { id, status, type } of failures.all(scope)) {
          // What nobody can read would only come back.
          if (status === 'replayed' || type === 'unreadable') continue;
          const { kind } = await replayFailure({ failures, queues }, scope, id);
          if (kind === 'replayed') replayed += 1;
        }
      }
      return replayed;
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
        queueNames.map(async (queue) => {
          const [own, dead] = await Promise.all([
            messagesOf(queueUrls[queue].queue),
            messagesOf(queueUrls[queue].deadLetters),
          ]);
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

  async function oldestDeadLetter(queue: QueueName): Promise<number | undefined> {
    const { letters } = await letterVerbs.listDeadLetters(queue);
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
    if (everybody && tenantId === undefined) yield* tenantIds();
  }

  async function* tenantIds(): AsyncGenerator<TenantId> {
    let after: Item | undefined;
    do {
      const page = await tenants.list(after);
      yield* page.tenants.map(({ id }) => id);
      after = page.last;
    } while (after !== undefined);
  }
}

function notThere(): Error {
  return new Error(
    'There is no such failure. Give an id, and its tenant, as `hawser failures list` shows them.',
  );
}
