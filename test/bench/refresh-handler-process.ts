/** One queue worker's bundle in a process of its own: asked to work batches, it does one after the other and says what CPU they took. */
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { answerParent } from './child.ts';

const work = z.object({ batches: z.array(z.array(z.unknown())) });
const answer = z.object({ batchItemFailures: z.array(z.unknown()).length(0) });
const [file = ''] = process.argv.slice(2);
const { handler } = z
  .object({ handler: z.custom<(event: unknown, context: object) => Promise<unknown>>() })
  .parse(await import(pathToFileURL(file).href));

// What of Lambda's context costs something: with it, a time-out is set and cleared for each request.
const context = { awsRequestId: 'bench', getRemainingTimeInMillis: () => 59_000 };

answerParent(async (question) => {
  const { batches } = work.parse(question);
  const events = batches.map(toEvent);
  const before = process.cpuUsage();
  for (const event of events) answer.parse(await handler(event, context));
  const { user, system } = process.cpuUsage(before);
  return { cpuMicroseconds: (user + system) / batches.flat().length };
});

/** As SQS hands a batch to Lambda: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
function toEvent(messages: readonly unknown[]) {
  return {
    Records: messages.map((message, index) => ({
      messageId: `19dd0b57-b21e-4ac1-bd88-${String(index).padStart(12, '0')}`,
      receiptHandle: 'AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a',
      body: JSON.stringify(message),
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: '1795176000000',
        SenderId: 'AIDAIENQZJOLO23YVJ4VO',
        ApproximateFirstReceiveTimestamp: '1795176000001',
      },
      messageAttributes: {},
      md5OfBody: 'e4e68fb7bd0e697a0ae8f1bb342846b3',
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:hawser-refresh',
      awsRegion: 'us-east-1',
    })),
  };
}
