/**
 * A part of the bench in a process of its own, so that its CPU time is its own. It is asked one thing at a time and
 * answers each; what it writes is read and thrown away, as a log collector would read it.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';

export interface Child {
  /** @throws Error when the child ends instead of answering. */
  ask(question: Readonly<Record<string, unknown>>): Promise<unknown>;
  stop(): Promise<void>;
}

export interface ChildOptions {
  /** Its file; it answers through {@link answerParent}. */
  readonly file: URL;
  readonly args?: readonly string[];
  /** Options of Node itself. */
  readonly nodeOptions?: readonly string[];
  /** All the environment it sees. */
  readonly environment: Readonly<Record<string, string>>;
}

export function startChild({ file, args = [], nodeOptions = [], environment }: ChildOptions): Child {
  const child = fork(file, args, {
    env: environment,
    execArgv: [...nodeOptions],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  child.stdout?.resume();
  return {
    async ask(question) {
      const asking = new AbortController();
      child.send(question);
      try {
        return await Promise.race([answerOf(child, asking.signal), endOf(child, file, asking.signal)]);
      } finally {
        asking.abort();
      }
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

/** In the child: answers each question, and ends when the parent has gone. */
export function answerParent(answer: (question: unknown) => Promise<unknown>): void {
  process.on('message', (question) => {
    answer(question).then(
      (value) => process.send?.(value),
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
        process.exit(1);
      },
    );
  });
  process.on('disconnect', () => process.exit());
}

async function answerOf(child: ChildProcess, signal: AbortSignal): Promise<unknown> {
  const [answer] = await once(child, 'message', { signal });
  return answer;
}

async function endOf(child: ChildProcess, file: URL, signal: AbortSignal): Promise<never> {
  await once(child, 'exit', { signal });
  throw new Error(`The process of ${basename(file.pathname)} ended before it answered.`);
}
