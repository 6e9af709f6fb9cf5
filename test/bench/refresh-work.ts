/**
 * What the worker needs for a refresh, in calls of AWS and in CPU time, beside a worker that makes the necessary calls
 * and nothing else. Each runs in a process of its own, AWS and the platform in a third; the two take turns.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import * as z from 'zod';
import { bundling } from '../../infra/bundle.ts';
import { accessKeyIdOf } from '../../infra/local/stack/function-grants.ts';
import { type SettingName, variableOf } from '../../lib/config.ts';
import { benchFolder, root } from './bench-folder.ts';
import { type Child, startChild } from './child.ts';
import { contenderBundles } from './contender-bundles.ts';
import { environmentFor } from './function-environment.ts';
import { medianOf, medianRatio, takeTurns } from './rounds.ts';
import { atMost, type BenchGroup, exactly, shown } from './row.ts';

const rounds = { rounds: 15, warmUpRounds: 5 };
const batchSize = 10;
const batchesPerRound = 15;
const place = z.object({
  url: z.string(),
  platformUrl: z.string(),
  certificate: z.string(),
  region: z.string(),
  eventsQueueUrl: z.string(),
  rescueQueueUrl: z.string(),
});
const made = z.object({ messages: z.array(z.unknown()) });
const called = z.object({ calls: z.array(z.object({ action: z.string(), count: z.number() })) });
const ran = z.object({ cpuMicroseconds: z.number() });

/** Measures in about a minute. */
export const refreshWork: BenchGroup = {
  name: 'refresh worker',
  async measure() {
    const aws = startChild({ file: new URL('./refresh-aws-process.ts', import.meta.url), environment: {} });
    const environment = await environmentOf(place.parse(await aws.ask({ about: 'place' })));
    const file = new URL('./refresh-handler-process.ts', import.meta.url);
    const { functions } = await contenderBundles();
    const worker = startChild({ file, args: [functions['refresh-connection'].file], environment });
    const floor = startChild({ file, args: [await buildFloor()], environment });
    try {
      const cpu = await takeTurns({ worker: () => run(aws, worker), floor: () => run(aws, floor) }, rounds);
      const calls = { worker: await countCalls(aws, worker), floor: await countCalls(aws, floor) };
      const perVcpu = (microseconds: number) => 1_000_000 / microseconds;
      return {
        rows: [
          exactly({ name: 'AWS calls of a refresh', value: calls.worker, unit: 'calls' }, 5),
          shown({ name: '… of the calls that it cannot do without', value: calls.floor, unit: 'calls' }),
          atMost(
            {
              name: 'CPU time of a refresh, in times of those calls alone',
              value: medianRatio(cpu.worker, cpu.floor),
              unit: '×',
            },
            2,
          ),
          shown({ name: '… of a refresh', value: medianOf(cpu.worker), unit: 'µs' }),
          shown({ name: '… of those calls alone', value: medianOf(cpu.floor), unit: 'µs' }),
          shown({
            name: 'Refreshes a second and vCPU',
            value: perVcpu(medianOf(cpu.worker)),
            unit: 'refreshes',
          }),
          shown({ name: '… of those calls alone', value: perVcpu(medianOf(cpu.floor)), unit: 'refreshes' }),
        ],
      };
    } finally {
      await Promise.all([worker.stop(), floor.stop()]);
      await aws.stop();
    }
  },
};

/** Microseconds of CPU time per refresh. */
async function run(aws: Child, worker: Child): Promise<number> {
  const { messages } = made.parse(await aws.ask({ about: 'work', messages: batchSize * batchesPerRound }));
  const batches = Array.from({ length: batchesPerRound }, (_, batch) =>
    messages.slice(batch * batchSize, (batch + 1) * batchSize),
  );
  return ran.parse(await worker.ask({ batches })).cpuMicroseconds;
}

async function countCalls(aws: Child, worker: Child): Promise<number> {
  await aws.ask({ about: 'calls' });
  await run(aws, worker);
  const { calls } = called.parse(await aws.ask({ about: 'calls' }));
  return calls.reduce((sum, { count }) => sum + count, 0) / (batchSize * batchesPerRound);
}

/** The worker's environment as its stack would set it; the floor finds there what it needs. */
async function environmentOf(at: z.output<typeof place>): Promise<Record<string, string>> {
  const certificateFile = join(benchFolder, 'refresh-certificate.pem');
  await mkdir(benchFolder, { recursive: true });
  await writeFile(certificateFile, at.certificate);
  const settings: Partial<Record<SettingName, string>> = {
    eventsQueueUrl: at.eventsQueueUrl,
    rescueQueueUrl: at.rescueQueueUrl,
    platformOrigins: JSON.stringify({ 'https://open.tiktokapis.com': new URL(at.platformUrl).origin }),
  };
  return {
    ...environmentFor('refresh-connection'),
    ...Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [variableOf(name as SettingName), value]),
    ),
    FLOOR_TOKEN_URL: `${at.platformUrl}/v2/oauth/token/`,
    AWS_ENDPOINT_URL: at.url,
    AWS_REGION: at.region,
    AWS_ACCESS_KEY_ID: accessKeyIdOf('refresh-connection'),
    AWS_SECRET_ACCESS_KEY: 's4ndb0x',
    AWS_SESSION_TOKEN: 's4ndb0x',
    NODE_EXTRA_CA_CERTS: certificateFile,
  };
}

/** Built as the functions of the product are. */
async function buildFloor(): Promise<string> {
  const file = join(benchFolder, 'refresh-floor', 'index.mjs');
  await build({
    ...bundling,
    absWorkingDir: root,
    entryPoints: [join('test', 'bench', 'contenders', 'refresh.ts')],
    outfile: file,
  });
  return file;
}
