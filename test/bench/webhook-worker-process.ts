/** One queue worker's bundle in a process of its own, with as many batches under way at once as it is asked for. */
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { answerParent } from './child.ts';

const work = z.object({ batches: z.array(z.array(z.string())), workers: z.number() });
const answer = z.object({ batchItemFailures: z.array(z.unknown()) });
const [file = ''] = process.argv.slice(2);
const { handler } = z
  .object({ handler: z.custom<(event: unknown, context: object) => Promise<unknown>>() })
  .parse(await import(pathToFileURL(file).href));

const context = { awsRequestId: 'bench', getRemainingTimeInMillis: () => 59_000 };

answerParent(async (question) => {
  const { batches, workers } = work.parse(question);
  const events = batches.map(toEvent);
  let failed = 0;
  const began = performance.now();
  const before = process.cpuUsage();
  const worker = async () => {
    for (let event = events.shift(); event !== undefined; event = events.shift()) {
      failed += answer.parse(await handler(event, context)).batchItemFailures.length;
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  const { user, system } = process.cpuUsage(before);
  return { cpuMicroseconds: user + system, milliseconds: performance.now() - began, failed };
});

/** As SQS hands a batch to Lambda: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
function toEvent(bodies: readonly string[], batch: number) {
  return {
    Records: bodies.map((body, index) => ({
      messageId: `${String(batch).padStart(8, '0')}-b21e-4ac1-bd88-${String(index).padStart(12, '0')}`,
      receiptHandle: 'AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a',
      body,
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: '1795176000000',
        SenderId: 'AIDAIENQZJOLO23YVJ4VO',
        ApproximateFirstReceiveTimestamp: '1795176000001',
      },
      messageAttributes: {},
      md5OfBody: 'e4e68fb7bd0e697a0ae8f1bb342846b3',
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:hawser-incoming',
      awsRegion: 'us-east-1',
    })),
  };
}
