/**
 * The adapter between an SQS queue and a worker. It parses and processes each message separately, and reports the failed
 * ones, so that SQS redelivers only those. It never logs a message.
 *
 *     export const handler = batch({ functionName: 'run-job', now }, jobMessage, ({ jobId }) => runJob(deps, jobId));
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
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

/** How SQS delivered the message. */
export interface ReceivedMessage {
  /** How often it has been received, this time included. */
  readonly receives: number;
  /** When it was sent, epoch milliseconds. */
  readonly sentAt: number;
}

/** Leaves a message in its queue without a log line: the worker has logged any error itself. */
class LeftInQueue extends Error {
  override readonly name = 'LeftInQueue';
}

/**
 * The Lambda handler of one queue. SQS redelivers a message when `act` throws or returns `again`.
 * @param schema the queue's schema in `lib/messages`; a message that does not fit it ends in the dead-letter queue.
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

/** The Lambda handler of a queue whose messages have no schema, such as a dead-letter queue. */
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
      // A batch whose messages all fail is no error of the function: SQS redelivers each message.
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
