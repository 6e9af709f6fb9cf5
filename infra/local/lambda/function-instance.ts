/**
 * One execution environment of one function: a worker thread that takes one event at a time, with the function's own
 * environment and nothing else. It ends with its first time-out or crash, and says so.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import {
  isWorkerMessage,
  type LambdaError,
  toLambdaError,
  type WorkerAssignment,
} from './function-message.ts';

/** One line that a function wrote. */
export type OutputLine = (line: string, stream: 'stdout' | 'stderr') => void;

export interface InstanceOptions {
  readonly assignment: WorkerAssignment;
  /** All the variables the function sees. */
  readonly environment: Readonly<Record<string, string>>;
  readonly onOutput: OutputLine;
  /** Called once, as soon as the instance can take no further event. */
  readonly onEnd: () => void;
}

export interface FunctionInstance {
  /** Runs one event. Must not be called while another is running. Rejects with an error named after Lambda's type. */
  run(eventJson: string, timeoutSeconds: number): Promise<string>;
  /** Ends the thread; settles when everything it wrote has been handed on. */
  end(): Promise<void>;
}

// Lambda gives a module 10 s to load, and on running over loads it again within the function's own time-out.
const initSeconds = 10;
const workerFile = new URL('./function-worker.ts', import.meta.url);

/** Starts an instance; its module begins to load at once. */
export function startInstance(options: InstanceOptions): FunctionInstance {
  const worker = new Worker(workerFile, {
    env: { ...options.environment },
    workerData: options.assignment,
    // Nothing of this process's command line reaches a function either.
    argv: [],
    execArgv: [],
    stdout: true,
    stderr: true,
  });
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => undefined);
  let current: PromiseWithResolvers<string> | undefined;
  let ended: LambdaError | undefined;

  const written = Promise.all([
    readLines(worker.stdout, (line) => options.onOutput(line, 'stdout')),
    readLines(worker.stderr, (line) => options.onOutput(line, 'stderr')),
  ]);
  worker.on('message', (message: unknown) => {
    if (!isWorkerMessage(message)) return;
    if (message.kind === 'ready') ready.resolve();
    else if (message.kind === 'init-failed') finish(message.error);
    else if (message.kind === 'returned') current?.resolve(message.resultJson);
    else current?.reject(invocationError(message.error));
  });
  worker.on('error', (thrown: unknown) => {
    const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    for (const line of text.split('\n')) options.onOutput(line, 'stderr');
    finish(toLambdaError(thrown));
  });
  worker.on('exit', (code) => {
    const errorMessage = `Runtime exited with exit status ${code}`;
    if (ended === undefined) options.onOutput(errorMessage, 'stderr');
    finish({ errorType: 'Runtime.ExitError', errorMessage });
  });

  return { run, end };

  async function run(eventJson: string, timeoutSeconds: number): Promise<string> {
    const requestId = randomUUID();
    const call = Promise.withResolvers<string>();
    call.promise.catch(() => undefined);
    if (ended !== undefined) throw invocationError(ended);
    current = call;
    let timer = setTimeout(expire, (initSeconds + timeoutSeconds) * 1000);
    try {
      await Promise.race([ready.promise, call.promise]);
      clearTimeout(timer);
      timer = setTimeout(expire, timeoutSeconds * 1000);
      worker.postMessage({ requestId, eventJson, timeoutMs: timeoutSeconds * 1000 });
      return await call.promise;
    } finally {
      clearTimeout(timer);
      current = undefined;
    }

    function expire(): void {
      const message = `RequestId: ${requestId} Error: Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;
      options.onOutput(message, 'stderr');
      finish({ errorType: 'Sandbox.Timedout', errorMessage: message });
    }
  }

  async function end(): Promise<void> {
    finish({ errorType: 'Runtime.ExitError', errorMessage: 'The function runner is closed.' });
    await Promise.all([worker.terminate(), written]);
  }

  function finish(error: LambdaError): void {
    if (ended !== undefined) return;
    ended = error;
    options.onEnd();
    ready.reject(invocationError(error));
    current?.reject(invocationError(error));
    void worker.terminate();
  }
}

/** A failed invocation: the error's name is Lambda's `errorType`, its message Lambda's `errorMessage`. */
export function invocationError(error: LambdaError): Error {
  const failure = new Error(error.errorMessage);
  failure.name = error.errorType;
  return failure;
}

function readLines(input: Readable, onLine: (line: string) => void): Promise<unknown> {
  const lines = createInterface({ input });
  lines.on('line', onLine);
  return once(lines, 'close');
}
