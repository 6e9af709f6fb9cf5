/** What every command works with: where it acts, what it returns, and how its action is bound to commander. */
import { type Command, Option, Command as Program } from '@commander-js/extra-typings';
import type { Operator } from '../../../lib/admin/operator.ts';
import type { Io } from '../terminal/io.ts';

export interface Call {
  readonly operator: Operator;
  /** Where the API is reached: scheme and host. */
  readonly apiUrl: string;
  readonly io: Io;
}

/** What a command has to say. */
export interface Shown {
  /** For programs, under `--json`. */
  readonly data: unknown;
  /** For people, on standard output. */
  readonly text: string;
  /** For people, on standard error: advice that does not belong in a pipe. */
  readonly note?: string;
}

/** Turns a command's work into the action that commander calls with the command's arguments and options. */
export type Act = <Given extends readonly unknown[]>(
  work: (call: Call, ...given: Given) => Promise<Shown>,
) => (...given: Given) => Promise<void>;

export type Root = ReturnType<typeof createRoot>;
export type RootOptions = ReturnType<Root['opts']>;

/** A noun such as `key`, to which its commands are added; or a command that stands alone. */
export type Group = Command<[], Record<never, never>, RootOptions>;

/** The program without its commands: the options that every command takes. */
export function createRoot() {
  return new Program('hawser')
    .description('tenants, keys, provider apps, connections and failures, on AWS and on this machine')
    .addOption(
      new Option('--local', 'act on the stack that `npm start` runs on this machine').conflicts([
        'outputs',
        'stack',
      ]),
    )
    .option(
      '--outputs <FILE>',
      'act on the AWS stack whose outputs are in FILE (.hawser/outputs.json, which `npm run deploy` writes)',
    )
    .option('--stack <NAME>', 'choose one of several stacks in that file')
    .option('--json', 'print JSON for programs');
}
