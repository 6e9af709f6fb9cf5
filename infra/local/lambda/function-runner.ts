/**
 * Runs functions as Lambda does: each in environments of its own that start at the first call, one event at a time
 * per environment, more environments for concurrent calls, a fresh one after a time-out or a crash.
 */
import { randomBytes } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { localAccountId } from '../gateway/event.ts';
import { type FunctionInstance, invocationError, startInstance } from './function-instance.ts';

export interface RunnerOptions {
  /** Absolute path of the module that exports `handler`. */
  readonly entryOf: (functionName: string) => string;
  /** All the variables that the function sees; read whenever an environment starts. */
  readonly environmentOf: (functionName: string) => Readonly<Record<string, string>>;
  readonly timeoutSecondsOf: (functionName: string) => number;
  /** Called for each line that a function writes. */
  readonly onOutput: (functionName: string, line: string, stream: 'stdout' | 'stderr') => void;
}

export interface FunctionRunner {
  /**
   * Runs a function once and answers with what it returned, as JSON would carry it. Rejects with an `Error` whose
   * `name` is Lambda's `errorType` and whose message is its `errorMessage`.
   */
  invoke(functionName: string, event: unknown): Promise<unknown>;
  /** Ends every environment; calls that run or wait are rejected. */
  close(): Promise<void>;
}

/** Environments of one function at most; further calls wait their turn. */
const concurrencyLimit = 8;
/** Lambda's quota of 6 MB for a synchronous event and for its answer, in bytes. */
const payloadLimitBytes = 6 * 1024 * 1024;

interface Pool {
  readonly idle: FunctionInstance[];
  /** Alive, whether idle or busy. */
  readonly alive: Set<FunctionInstance>;
  readonly waiting: PromiseWithResolvers<FunctionInstance>[];
}

/** Starts a runner; no function starts before its first call. */
export function startRunner(options: RunnerOptions): FunctionRunner {
  const pools = new Map<string, Pool>();
  let closed = false;

  return { invoke, close };

  async function invoke(functionName: string, event: unknown): Promise<unknown> {
    const eventJson = JSON.stringify(event) ?? 'null';
    if (Buffer.byteLength(eventJson) > payloadLimitBytes) {
      throw invocationError({
        errorType: 'RequestTooLargeException',
        errorMessage: `The event is over Lambda's limit of ${payloadLimitBytes} bytes.`,
      });
    }
    const pool = poolOf(functionName);
    const instance = await acquire(functionName, pool);
    try {
      const resultJson = await instance.run(eventJson, options.timeoutSecondsOf(functionName));
      if (Buffer.byteLength(resultJson) > payloadLimitBytes) {
        throw invocationError({
          errorType: 'Function.ResponseSizeTooLarge',
          errorMessage: `The answer is over Lambda's limit of ${payloadLimitBytes} bytes.`,
        });
      }
      return JSON.parse(resultJson);
    } finally {
      release(functionName, pool, instance);
    }
  }

  async function acquire(functionName: string, pool: Pool): Promise<FunctionInstance> {
    if (closed) throw closedError();
    const idle = pool.idle.pop();
    if (idle !== undefined) return idle;
    if (pool.alive.size < concurrencyLimit) return start(functionName, pool);
    const turn = Promise.withResolvers<FunctionInstance>();
    pool.waiting.push(turn);
    return turn.promise;
  }

  function release(functionName: string, pool: Pool, instance: FunctionInstance): void {
    if (closed) return;
    // An instance that ended during its call has left the pool already, and the next in line gets a fresh one.
    const isAlive = pool.alive.has(instance);
    const next = pool.waiting.shift();
    if (next === undefined) {
      if (isAlive) pool.idle.push(instance);
      return;
    }
    try {
      next.resolve(isAlive ? instance : start(functionName, pool));
    } catch (error) {
      next.reject(error);
    }
  }

  function start(functionName: string, pool: Pool): FunctionInstance {
    const instance = startInstance({
      assignment: {
        functionName,
        entryUrl: pathToFileURL(options.entryOf(functionName)).href,
        invokedFunctionArn: `arn:aws:lambda:us-east-1:${localAccountId}:function:${functionName}`,
        logStreamName: `local/[$LATEST]${randomBytes(16).toString('hex')}`,
      },
      environment: options.environmentOf(functionName),
      onOutput: (line, stream) => options.onOutput(functionName, line, stream),
      onEnd: () => {
        pool.alive.delete(instance);
        const index = pool.idle.indexOf(instance);
        if (index >= 0) pool.idle.splice(index, 1);
      },
    });
    pool.alive.add(instance);
    return instance;
  }

  async function close(): Promise<void> {
    closed = true;
    const instances = [...pools.values()].flatMap((pool) => [...pool.alive]);
    for (const pool of pools.values()) for (const turn of pool.waiting.splice(0)) turn.reject(closedError());
    await Promise.all(instances.map((instance) => instance.end()));
  }

  function poolOf(functionName: string): Pool {
    const known = pools.get(functionName);
    if (known !== undefined) return known;
    const pool: Pool = { idle: [], alive: new Set(), waiting: [] };
    pools.set(functionName, pool);
    return pool;
  }
}

function closedError(): Error {
  return new Error('The function runner is closed.');
}
