/**
 * The inside of a worker: it loads one function's module and runs its handler, one event at a time, with Lambda's
 * context. Unlike Lambda it does not freeze between invocations, so work that a handler forgot to await continues.
 */
import { enableCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { Context } from 'aws-lambda';
import {
  type InvokeMessage,
  isAssignment,
  isInvokeMessage,
  toLambdaError,
  type WorkerAssignment,
  type WorkerMessage,
} from './function-message.ts';

// The callback-era members are gone from the nodejs24.x runtime.
type HandlerContext = Omit<Context, 'done' | 'fail' | 'succeed'>;
type AsyncHandler = (event: unknown, context: HandlerContext) => unknown;

const memoryLimitInMB = '512';

// A thread shares no compiled code with the one before it but through this; it halves what a start costs.
enableCompileCache();
await start();

async function start(): Promise<void> {
  if (!isAssignment(workerData)) throw new Error('This file runs only as a worker of the function runner.');
  const assignment = workerData;
  let handler: AsyncHandler;
  try {
    handler = await load(assignment);
  } catch (thrown) {
    log('Uncaught Exception', thrown);
    await send({ kind: 'init-failed', error: toLambdaError(thrown) });
    return;
  }
  parentPort?.on('message', (message: unknown) => {
    if (isInvokeMessage(message)) void run(handler, assignment, message).then(send);
  });
  await send({ kind: 'ready' });
}

async function load({ entryUrl, functionName }: WorkerAssignment): Promise<AsyncHandler> {
  const loaded: unknown = await import(entryUrl);
  const isModule = typeof loaded === 'object' && loaded !== null;
  const handler = isModule && 'handler' in loaded ? loaded.handler : undefined;
  if (isHandler(handler)) return handler;
  const missing = new Error(`The module of ${functionName} does not export a function named handler.`);
  missing.name = 'Runtime.HandlerNotFound';
  throw missing;
}

async function run(
  handler: AsyncHandler,
  assignment: WorkerAssignment,
  message: InvokeMessage,
): Promise<WorkerMessage> {
  try {
    const event: unknown = JSON.parse(message.eventJson);
    const result = await handler(event, contextOf(assignment, message));
    // The runtime sends null for a handler that returns nothing.
    return { kind: 'returned', resultJson: JSON.stringify(result) ?? 'null' };
  } catch (thrown) {
    log('Invoke Error', thrown, message.requestId);
    return { kind: 'failed', error: toLambdaError(thrown) };
  }
}

function contextOf(assignment: WorkerAssignment, message: InvokeMessage): HandlerContext {
  // A clock that only runs forward: what is left of a time-out does not depend on the time of day.
  const deadline = performance.now() + message.timeoutMs;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: assignment.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: assignment.invokedFunctionArn,
    memoryLimitInMB,
    awsRequestId: message.requestId,
    logGroupName: `/aws/lambda/${assignment.functionName}`,
    logStreamName: assignment.logStreamName,
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(deadline - performance.now())),
  };
}

/** Writes a failure as the runtime does, so that it shows in the function's output. */
function log(title: string, thrown: unknown, requestId?: string): void {
  const stack = thrown instanceof Error ? (thrown.stack ?? '').split('\n') : [];
  const entry = JSON.stringify({
    ...toLambdaError(thrown),
    ...(requestId !== undefined && { requestId }),
    stack,
  });
  console.error(`ERROR\t${title}\t${entry}`);
}

/** Posts a message after flushing all output, because the runner may end this thread when it receives the message. */
async function send(message: WorkerMessage): Promise<void> {
  await Promise.all([process.stdout, process.stderr].map(flush));
  parentPort?.postMessage(message);
}

function flush(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0) return Promise.resolve();
  return new Promise((resolve) => stream.write('', () => resolve()));
}

function isHandler(value: unknown): value is AsyncHandler {
  return typeof value === 'function';
}
