/**
 * Acknowledging a platform's call: one call of SQS, whether it brings one event or ten, and little more CPU time than
 * that call takes by itself. Each handler runs in a process of its own, AWS in a third; they take turns.
 */
import { join } from 'node:path';
import { build } from 'esbuild';
import * as z from 'zod';
import { bundling } from '../../infra/bundle.ts';
import { functions } from '../../infra/topology.ts';
import { benchFolder, root } from './bench-folder.ts';
import { type Child, startChild } from './child.ts';
import { contenderBundles } from './contender-bundles.ts';
import { nodeOptionsFor } from './function-environment.ts';
import { medianOf, medianRatio, takeTurns } from './rounds.ts';
import { atMost, type BenchGroup, type BenchRow, exactly, shown } from './row.ts';
import { startWebhookAws, type WebhookAws } from './webhook-aws.ts';
import { type AppName, accounts, deliveryEvent, instagramBody, tiktokBody } from './webhook-population.ts';

const rounds = { rounds: 30, warmUpRounds: 10 };
const requests = 100;
const ran = z.object({ cpuMicroseconds: z.number() });
const now = () => Date.now();

interface Load {
  /** In words, for the table. */
  readonly what: string;
  readonly app: AppName;
  readonly body: () => string;
}

const loads: readonly Load[] = [
  { what: 'one event', app: 'tiktok', body: () => tiktokBody(accounts[0] ?? '', 1, now()) },
  { what: 'ten events', app: 'instagram', body: () => instagramBody(now()) },
];

/** Measures in about a minute. */
export const webhookAcknowledge: BenchGroup = {
  name: 'webhook acknowledgement',
  async measure() {
    const aws = await startWebhookAws();
    const file = new URL('./handler-process.ts', import.meta.url);
    const nodeOptions = nodeOptionsFor(functions.webhook.memoryMb);
    const environment = aws.environmentOf('webhook');
    const bundle = (await contenderBundles()).functions.webhook.file;
    const webhook = startChild({ file, args: [bundle], nodeOptions, environment });
    const floor = startChild({ file, args: [await buildFloor()], nodeOptions, environment });
    try {
      const rows: BenchRow[] = [];
      for (const load of loads) rows.push(...(await compare(aws, load, webhook, floor)));
      return { rows };
    } finally {
      await Promise.all([webhook.stop(), floor.stop()]);
      await aws.close();
    }
  },
};

async function compare(aws: WebhookAws, load: Load, webhook: Child, floor: Child): Promise<BenchRow[]> {
  // Signed anew each time, because signatures age.
  const deliver = (times: number) => run(webhook, deliveryEvent(load.app, load.body(), now()), times);
  await aws.purge();
  await deliver(1);
  const messages = await aws.take('incoming');
  await aws.countCalls();
  await deliver(requests);
  const calls = await aws.countCalls();
  const asked = { queueUrl: aws.incomingQueueUrl, messages };
  const cpu = await takeTurns(
    {
      async webhook() {
        await aws.purge();
        return deliver(requests);
      },
      async floor() {
        await aws.purge();
        return run(floor, asked, requests);
      },
    },
    rounds,
  );
  const total = Object.values(calls).reduce((sum, count) => sum + count, 0);
  const { what } = load;
  return [
    exactly({ name: `AWS calls of acknowledging ${what}`, value: total / requests, unit: 'calls' }, 1),
    shown({ name: '… messages that it puts into the queue', value: messages.length, unit: 'messages' }),
    atMost(
      {
        name: `CPU time of acknowledging ${what}, in times of the call of SQS alone`,
        value: medianRatio(cpu.webhook, cpu.floor),
        unit: '×',
      },
      1.3,
    ),
    shown({ name: '… of the webhook function', value: medianOf(cpu.webhook), unit: 'µs' }),
    shown({ name: '… of the call of SQS alone', value: medianOf(cpu.floor), unit: 'µs' }),
  ];
}

/** Microseconds of CPU time per request. */
async function run(child: Child, event: unknown, times: number): Promise<number> {
  return ran.parse(await child.ask({ event, requests: times })).cpuMicroseconds;
}

/** Built as the functions of the product are. */
async function buildFloor(): Promise<string> {
  const file = join(benchFolder, 'send-messages', 'index.mjs');
  await build({
    ...bundling,
    absWorkingDir: root,
    entryPoints: [join('test', 'bench', 'contenders', 'send-messages.ts')],
    outfile: file,
  });
  return file;
}
