/**
 * A start of one function on Lambda's own runtime client, measured: its init, with a whole CPU as on Lambda, and its
 * first request, with the share of one that its memory brings.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { functions } from '../../infra/topology.ts';
import type { FunctionName } from '../../lib/config.ts';
import type { CpuShare } from './cpu-share.ts';
import { nodeOptionsFor } from './function-environment.ts';
import { medianOf } from './rounds.ts';
import { startRuntimeApi } from './runtime-api.ts';

export interface Start {
  readonly name: FunctionName;
  readonly runtimeClient: string;
  readonly bundle: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly event: unknown;
  readonly share: CpuShare | undefined;
  /** What its first request must be answered with; 200 when absent. */
  readonly status?: number;
}

/** Milliseconds. */
interface Duration {
  readonly init: number;
  readonly first: number;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html: "At 1,769 MB, a function has the equivalent of one vCPU". */
export const megabytesOfOneCpu = 1_769;
const longestStartMilliseconds = 30_000;

/** Starts a new instance each time, and remembers how long its parts took. */
export function openStart(start: Start) {
  const durations: Duration[] = [];
  return {
    sum: async () => {
      const duration = await measureStart(start);
      durations.push(duration);
      return duration.init + duration.first;
    },
    /** Of the last so many. */
    median: (part: keyof Duration, last: number) =>
      medianOf(durations.slice(-last).map((each) => each[part])),
  };
}

async function measureStart({
  name,
  runtimeClient,
  bundle,
  environment,
  event,
  share,
  status = 200,
}: Start): Promise<Duration> {
  const api = await startRuntimeApi(() => Date.now());
  await share?.throttle(false);
  const began = performance.now();
  const instance = spawn(
    process.execPath,
    [...nodeOptionsFor(functions[name].memoryMb), runtimeClient, 'index.handler'],
    {
      cwd: dirname(bundle),
      env: {
        ...environment,
        ...lambdaEnvironment(name),
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
    z.object({ statusCode: z.literal(status) }).parse(JSON.parse(answer));
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

const lambdaEnvironment = (name: FunctionName) => ({
  _HANDLER: 'index.handler',
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  AWS_LAMBDA_FUNCTION_NAME: `hawser-${name}`,
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(functions[name].memoryMb),
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/hawser-${name}`,
  AWS_LAMBDA_LOG_STREAM_NAME: 'bench',
});
