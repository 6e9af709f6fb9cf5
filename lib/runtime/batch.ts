/**
 * The adapter between an SQS queue and a handler: each message is parsed and worked on its own, and only those that
 * failed come back. Messages are never logged.
 */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type * as z from 'zod/mini';
import { parseMessage } from '../messages/parse-message.ts';
import { logError, type Write, withRequest, writeLine } from '../telemetry/log.ts';

export interface BatchDeps {
  readonly functionName: string;
  readonly now: () => number;
  readonly write?: Write;
}

/** What is known of a message beside its body. */
export interface ReceivedMessage {
  /** How often it has been received, this time included. */
  readonly receives: number;
  /** When it was sent, epoch milliseconds. */
  readonly sentAt: number;
}

/** Gives a message back without a word: what went wrong has been said, or nothing did. */
class LeftInQueue extends Error {
  override readonly name = 'LeftInQueue';
}

/**
 * The Lambda handler of one queue. A message comes back when `act` throws or answers `again`.
 * @param schema the queue's own, of `lib/messages`; what does not fit it comes back until it is a dead letter.
 */
export function batch<Schema extends z.core.$ZodType>(
  deps: BatchDeps,
  schema: Schema,
  act: (body: z.output<Schema>, message: ReceivedMessage) => Promise<void> | Promise<'done' | 'again'>,
) {
  return eachRecord(deps, (record) => {
    const { ApproximateReceiveCount, SentTimestamp } = record.attributes;
    const message = { receives: Number(ApproximateReceiveCount), sentAt: Number(SentTimestamp) };
    return act(parseMessage(schema, JSON.parse(record.body)), message);
  });
}

/** The Lambda handler of a queue whose messages may be anything, dead letters above all. */
export function eachRecord(
  deps: BatchDeps,
  act: (record: SQSRecord) => Promise<void> | Promise<'done' | 'again'>,
) {
  const { functionName, now, write = writeLine } = deps;

  return async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> =>
    processPartialResponse(
      event,
      (record: SQSRecord) =>
        withRequest({ requestId: context.awsRequestId, correlationId: record.messageId }, () => work(record)),
      new BatchProcessor(EventType.SQS),
      // A batch that fails as a whole is no error of the function: its messages come back one by one.
      { context, throwOnFullBatchFailure: false },
    );

  async function work(record: SQSRecord): Promise<void> {
    try {
      if ((await act(record)) === 'again') throw new LeftInQueue();
    } catch (error) {
      if (error instanceof LeftInQueue) throw error;
      logError(write, functionName, now, error);
      throw error;
    }
  }
}
