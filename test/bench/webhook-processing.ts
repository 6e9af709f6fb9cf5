/**
 * Working off a backlog of webhook events with ten workers: how fast, and what each event takes in CPU time and in calls
 * of AWS. An event is two messages: as it came, and for the connection that it concerns. Lambda's own polling of the
 * queue is not counted, because nobody pays for it.
 */
import * as z from 'zod';
import { queues } from '../../infra/topology.ts';
import { readTikTokEvent } from '../../lib/platforms/tiktok/events.ts';
import { type Child, startChild } from './child.ts';
import { contenderBundles } from './contender-bundles.ts';
import { type BenchGroup, exactly, shown } from './row.ts';
import { startWebhookAws } from './webhook-aws.ts';
import { accounts, apps, tiktokBody } from './webhook-population.ts';

const backlog = 5_000;
const warmUp = 500;
const workers = 10;
const { batchSize } = queues.incoming.worker;
const ran = z.object({ cpuMicroseconds: z.number(), milliseconds: z.number(), failed: z.number() });
type Ran = z.output<typeof ran>;

/** Measures in about a minute. */
export const webhookProcessing: BenchGroup = {
  name: 'webhook processing',
  async measure() {
    const aws = await startWebhookAws();
    const worker = startChild({
      file: new URL('./webhook-worker-process.ts', import.meta.url),
      args: [(await contenderBundles()).functions['process-event'].file],
      environment: aws.environmentOf('process-event'),
    });
    /** Both halves of the way: what came in, and what it was fanned out to. */
    const workOff = async (messages: readonly string[]) => {
      const received = await run(worker, messages);
      const fannedOut = await aws.take('incoming');
      return { received, fannedOut: await run(worker, fannedOut), told: (await aws.take('events')).length };
    };
    try {
      await workOff(messagesFor(0, warmUp));
      await aws.countCalls();
      const { received, fannedOut, told } = await workOff(messagesFor(warmUp, backlog));
      const calls = await aws.countCalls();
      const total = Object.values(calls).reduce((sum, count) => sum + count, 0);
      const seconds = (received.milliseconds + fannedOut.milliseconds) / 1_000;
      const byAction = Object.entries(calls)
        .toSorted(([, left], [, right]) => right - left)
        .map(([action, count]) => `${(count / backlog).toFixed(2)} ${action}`);
      return {
        rows: [
          exactly(
            { name: 'Events told to tenants, of a backlog of 5,000', value: told, unit: 'events' },
            backlog,
          ),
          exactly({ name: '… failed', value: received.failed + fannedOut.failed, unit: 'messages' }, 0),
          shown({ name: 'Backlog of 5,000 worked off by ten workers', value: seconds, unit: 's' }),
          shown({ name: '… events a second', value: backlog / seconds, unit: 'events' }),
          shown({
            name: 'CPU time of an event',
            value: (received.cpuMicroseconds + fannedOut.cpuMicroseconds) / backlog,
            unit: 'µs',
          }),
          shown({ name: 'AWS calls of an event', value: total / backlog, unit: 'calls' }),
        ],
        notes: [`Calls of an event: ${byAction.join(', ')}. The workers share this machine with AWS.`],
      };
    } finally {
      await worker.stop();
      await aws.close();
    }
  },
};

async function run(worker: Child, messages: readonly string[]): Promise<Ran> {
  const batches = Array.from({ length: Math.ceil(messages.length / batchSize) }, (_, batch) =>
    messages.slice(batch * batchSize, (batch + 1) * batchSize),
  );
  return ran.parse(await worker.ask({ batches, workers }));
}

/** As the webhook function puts them into the queue. */
function messagesFor(first: number, count: number): readonly string[] {
  const now = Date.now();
  const { clientId, provider } = apps.tiktok;
  return Array.from({ length: count }, (_, index) => {
    const account = accounts[index % accounts.length] ?? '';
    const [event] = readTikTokEvent(JSON.parse(tiktokBody(account, first + index, now)), clientId) ?? [];
    return JSON.stringify({ kind: 'webhook_event', appId: provider, provider, receivedAt: now, event });
  });
}
