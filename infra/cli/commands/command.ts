/**
 * A command: its usage line says its words, its arguments (in capitals) and its options, and is all that the parser
 * knows of it. So the help cannot differ from what is accepted.
 */

import type { Operator } from '../../../lib/admin/operator.ts';
import type { Io } from '../terminal/io.ts';

/** Every option there is; each command takes those that its usage line names. */
export const options = {
  local: { type: 'boolean' },
  outputs: { type: 'string' },
  stack: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  yes: { type: 'boolean' },
  all: { type: 'boolean' },
  wait: { type: 'boolean' },
  reseal: { type: 'boolean' },
  name: { type: 'string' },
  label: { type: 'string' },
  tenant: { type: 'string' },
  bus: { type: 'string' },
  user: { type: 'string' },
  direct: { type: 'string' },
  'kms-key': { type: 'string' },
  'client-id': { type: 'string' },
  'webhook-secret': { type: 'boolean' },
  'verify-token': { type: 'boolean' },
  issuer: { type: 'string' },
  setting: { type: 'string', multiple: true },
} as const;

export type OptionName = keyof typeof options;

/** What was given on the command line, by option. */
export type Given = {
  readonly [Name in OptionName]?: (typeof options)[Name] extends { readonly multiple: true }
    ? readonly string[]
    : (typeof options)[Name] extends { readonly type: 'boolean' }
      ? boolean
      : string;
};

export interface Call {
  readonly operator: Operator;
  /** Where the API is reached: scheme and host. */
  readonly apiUrl: string;
  /** As many as the usage line names; those in brackets may be missing at the end. */
  readonly arguments: readonly string[];
  readonly given: Given;
  readonly io: Io;
}

/** What a command has to say. */
export interface Shown {
  /** For programs, under `--json`. */
  readonly data: unknown;
  /** For people, on standard output. */
  readonly text: string;
  /** For people, on standard error: what does not belong into a pipe. */
  readonly note?: string;
}

export interface Command {
  /** Such as `tenant create ID [--name NAME]`, or `dlq list [QUEUE]` where an argument may be left out. */
  readonly usage: string;
  readonly summary: string;
  readonly act: (call: Call) => Promise<Shown>;
}

/** The command line is at fault; the usage is shown with it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The words that call a command. */
export function wordsOf({ usage }: Command): readonly string[] {
  return usage.split(' ').filter((word) => /^[a-z][a-z-]*$/.test(word));
}

/** The names of a command's arguments: those it needs, and those it can do without, which come last. */
export function argumentsOf({ usage }: Command): {
  readonly needed: readonly string[];
  readonly optional: readonly string[];
} {
  const words = usage.replace(/\s\[?--.*$/, '').split(' ');
  return {
    needed: words.filter((word) => /^[A-Z][A-Z_]*$/.test(word)),
    optional: words.filter((word) => /^\[[A-Z][A-Z_]*\]$/.test(word)),
  };
}

/** Whether a command takes an option of its own. */
export function takes({ usage }: Command, option: string): boolean {
  return new RegExp(`--${option}(?![a-z-])`).test(usage);
}
