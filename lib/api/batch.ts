/**
 * The adapter between an SQS queue and a handler: each message is parsed and worked on its own, and only those that
 * failed come back. Messages are never logged.
 */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { logError, type Write, withRequest, writeLine } from '../telemetry/log.ts';

export interface BatchParts {
  readonly functionName: string;
  readonly now: () => number;
  readonly write?: Write;
}

/**
 * The Lambda handler of one queue.
 * @param parse turns a message's JSON into what the handler works on; throws for what is none.
 */
export function batch<Body>(
  parts: BatchParts,
  parse: (body: unknown) => Body,
  act: (body: Body) => Promise<void>,
) {
  const { functionName, now, write = writeLine } = parts;

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
      await act(parse(JSON.parse(record.body)));
    } catch (error) {
      logError(write, functionName, now, error);
      throw error;
    }
  }
}
