/**
 * Structured logs, one JSON object a line. Only the fields named here can be written: a token has no field to stand
 * in, and an unknown error is told by its class and place, because its message may quote anything.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { IntegrationError } from '../errors.ts';

/** Everything a log line may say. Ids of ours and closed sets of words; nothing a person or a platform wrote. */
export interface LogFields {
  readonly route?: string;
  readonly status?: number;
  readonly code?: string;
  readonly provider?: string;
  readonly appId?: string;
  readonly tenantId?: string;
  readonly flowId?: string;
  readonly connectionId?: string;
  readonly destinationId?: string;
  readonly outcome?: string;
  readonly reason?: string;
  readonly caller?: string;
  readonly durationMs?: number;
  /** How many were sent, or taken up again. */
  readonly sent?: number;
  readonly resumed?: number;
}

/** What all lines of one request share. */
export interface RequestFields {
  readonly requestId: string;
  readonly correlationId: string;
}

export type Level = 'info' | 'warn' | 'error';
export type Write = (line: string) => void;

/** Writes one line; `event` says what happened, in the same words each time. */
export type Log = (level: Level, event: string, fields?: LogFields) => void;

const allowed: ReadonlySet<string> = new Set<keyof LogFields>([
  'route',
  'status',
  'code',
  'provider',
  'appId',
  'tenantId',
  'flowId',
  'connectionId',
  'destinationId',
  'outcome',
  'reason',
  'caller',
  'durationMs',
  'sent',
  'resumed',
]);
const longestText = 200;
const current = new AsyncLocalStorage<RequestFields>();

/** Runs one request; every line it logs, however deep, carries its ids. */
export function withRequest<Result>(fields: RequestFields, run: () => Result): Result {
  return current.run(fields, run);
}

export function createLog(functionName: string, now: () => number, write: Write = writeLine): Log {
  return (level, event, fields = {}) => {
    write(
      JSON.stringify({
        time: new Date(now()).toISOString(),
        level,
        function: functionName,
        event,
        ...current.getStore(),
        ...Object.fromEntries(Object.entries(fields).filter(permitted)),
      }),
    );
  };
}

/** Logs an unexpected error by its class and the places it passed, without a word of its message. */
export function logError(write: Write, functionName: string, now: () => number, error: unknown): void {
  write(
    JSON.stringify({
      time: new Date(now()).toISOString(),
      level: 'error',
      function: functionName,
      event: 'unexpected error',
      ...current.getStore(),
      errors: chain(error),
    }),
  );
}

/** Writes one line to standard output, where Lambda collects it. */
export function writeLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

function permitted([name, value]: [string, unknown]): boolean {
  return (
    allowed.has(name) &&
    (typeof value === 'number' ||
      typeof value === 'boolean' ||
      (typeof value === 'string' && value.length <= longestText))
  );
}

/** An error and its causes: names, our own codes, and stack frames without the line that quotes the message. */
function chain(error: unknown, depth = 0): readonly object[] {
  if (!(error instanceof Error) || depth === 4) return [];
  return [
    {
      name: error.name,
      ...(error instanceof IntegrationError && { code: error.code }),
      frames: framesOf(error).slice(0, 8),
    },
    ...chain(error.cause, depth + 1),
  ];
}

/** A message may have lines that look like frames, so what it says is cut off first, and the rest must be places in files. */
function framesOf({ stack = '', message }: Error): readonly string[] {
  const said = message === '' ? 0 : stack.indexOf(message) + message.length;
  return stack
    .slice(Math.max(said, 0))
    .split('\n')
    .filter((line) => frame.test(line))
    .map((line) => line.trim());
}

const frame = /^\s+at (?:[\w$.<>[\] ]+ \()?(?:file:\/\/|node:|\/)[^\s?#]+:\d+:\d+\)?$/;
