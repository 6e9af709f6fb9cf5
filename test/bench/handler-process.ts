/** One function's bundle in a process of its own: asked for requests, it runs them one after the other and says what CPU they took. */
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { answerParent } from './child.ts';

const work = z.object({ event: z.unknown(), requests: z.number() });
const [file = ''] = process.argv.slice(2);
const { handler } = z
  .object({ handler: z.custom<(event: unknown, context: object) => Promise<{ statusCode: number }>>() })
  .parse(await import(pathToFileURL(file).href));

// What of Lambda's context costs something: with it, a time-out is set and cleared for each request.
const context = { awsRequestId: 'bench', getRemainingTimeInMillis: () => 29_000 };

answerParent(async (question) => {
  const { event, requests } = work.parse(question);
  const before = process.cpuUsage();
  for (let request = 0; request < requests; request += 1) {
    const { statusCode } = await handler(event, context);
    if (statusCode !== 200) throw new Error(`A handler answered ${statusCode}.`);
  }
  const { user, system } = process.cpuUsage(before);
  return { cpuMicroseconds: (user + system) / requests };
});
