/**
 * A cold start of the token function as a caller feels it: init and first request, under Lambda's own runtime client,
 * beside the same function bundled by somebody who changed no setting. Lambda does not throttle an init but does throttle
 * requests, so the CPU share of the function's memory is taken away from the instance when it asks for its first event.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { functions } from '../../infra/topology.ts';
import { startBenchAws } from './bench-aws.ts';
import { contenderBundles, naiveTokenBundle } from './contender-bundles.ts';
import { type CpuShare, openCpuShare } from './cpu-share.ts';
import { nodeOptionsFor } from './function-environment.ts';
import { medianOf, medianRatio, takeTurns } from './rounds.ts';
import { atMost, type BenchGroup, shown } from './row.ts';
import { startRuntimeApi } from './runtime-api.ts';
import { prepareRuntimeClient } from './runtime-client.ts';

interface Start {
  readonly runtimeClient: string;
  readonly bundle: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly event: unknown;
  readonly share: CpuShare | undefined;
}

/** Milliseconds. */
interface Duration {
  readonly init: number;
  readonly first: number;
}

const rounds = { rounds: 15, warmUpRounds: 1 };
/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html: "At 1,769 MB, a function has the equivalent of one vCPU". */
const megabytesOfOneCpu = 1_769;
const longestStartMilliseconds = 30_000;
const answered = z.object({ statusCode: z.literal(200) });

/** Measures in about twenty seconds, after the runtime client is built. */
export const coldStart: BenchGroup = {
  name: 'cold start',
  async measure() {
    const client = await prepareRuntimeClient();
    if (client.kind === 'not_built') {
      return {
        rows: [],
        notes: [`Cold start skipped: aws-lambda-ric could not be built (${client.reason}).`],
      };
    }
    const { memoryMb } = functions.token;
    const fraction = memoryMb / megabytesOfOneCpu;
    const aws = await startBenchAws();
    const share = await openCpuShare(fraction);
    try {
      const shared = { runtimeClient: client.file, event: aws.seed.event, share };
      const { NODE_OPTIONS: _, ...plain } = aws.tokenEnvironment;
      const token = (await contenderBundles()).functions.token.file;
      const ours = await contender({ ...shared, bundle: token, environment: aws.tokenEnvironment });
      const naive = await contender({ ...shared, bundle: await naiveTokenBundle(), environment: plain });
      const sums = await takeTurns({ ours: ours.sum, naive: naive.sum }, rounds);
      const unit = 'ms';
      return {
        rows: [
          atMost(
            {
              name: `Init and first request of the token function at ${memoryMb} MB, in times of a naive bundle's`,
              value: medianRatio(sums.ours, sums.naive),
              unit: '×',
            },
            0.7,
          ),
          shown({ name: '… its init', value: ours.median('init'), unit }),
          shown({ name: '… its first request', value: ours.median('first'), unit }),
          shown({ name: '… the init of the naive one', value: naive.median('init'), unit }),
          shown({ name: '… the first request of the naive one', value: naive.median('first'), unit }),
        ],
        notes: [
          share
            ? `Cold start: the init has a whole CPU, the first request ${fraction.toFixed(2)} of one, as on Lambda.`
            : 'Cold start: this machine lets nobody set CPU shares, so the first request had a whole CPU too.',
        ],
      };
    } finally {
      await aws.close();
      await share?.close();
    }
  },
};

/** One that starts anew each time, and remembers how long its parts took. */
async function contender(start: Start) {
  const durations: Duration[] = [];
  return {
    sum: async () => {
      const duration = await measureStart(start);
      durations.push(duration);
      return duration.init + duration.first;
    },
    median: (part: keyof Duration) =>
      medianOf(durations.slice(rounds.warmUpRounds).map((each) => each[part])),
  };
}

async function measureStart({ runtimeClient, bundle, environment, event, share }: Start): Promise<Duration> {
  const api = await startRuntimeApi(() => Date.now());
  await share?.throttle(false);
  const began = performance.now();
  const instance = spawn(
    process.execPath,
    [...nodeOptionsFor(functions.token.memoryMb), runtimeClient, 'index.handler'],
    {
      cwd: dirname(bundle),
      env: {
        ...environment,
        ...lambdaEnvironment,
        AWS_LAMBDA_RUNTIME_API: api.address,
        LAMBDA_TASK_ROOT: dirname(bundle),
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const ended = once(instance, 'exit');
  const limit = new AbortController();
  try {
    if (instance.pid !== undefined) await share?.take(instance.pid);
    const within = <Value>(step: Promise<Value>) => Promise.race([step, failAfter(ended, limit.signal)]);
    await within(api.ready);
    const ready = performance.now();
    await share?.throttle(true);
    const asked = performance.now();
    const answer = await within(api.invoke(event));
    const finished = performance.now();
    answered.parse(JSON.parse(answer));
    return { init: ready - began, first: finished - asked };
  } finally {
    limit.abort();
    instance.kill('SIGKILL');
    await ended;
    api.close();
  }
}

/** Rejects when the instance ends or takes too long. */
async function failAfter(ended: Promise<unknown>, signal: AbortSignal): Promise<never> {
  await Promise.race([ended, delay(longestStartMilliseconds, undefined, { signal })]);
  throw new Error('A function instance ended or hung before it answered.');
}

const lambdaEnvironment = {
  _HANDLER: 'index.handler',
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  AWS_LAMBDA_FUNCTION_NAME: 'hawser-token',
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(functions.token.memoryMb),
  AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/hawser-token',
  AWS_LAMBDA_LOG_STREAM_NAME: 'bench',
};
