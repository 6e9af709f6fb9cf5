/** From the command line to a command, its arguments and its options. Never repeats a value: it could be a secret in the wrong place. */
import { parseArgs } from 'node:util';
import {
  argumentsOf,
  type Command,
  type Given,
  type OptionName,
  options,
  takes,
  UsageError,
  wordsOf,
} from '../commands/command.ts';

export type Asked =
  | { readonly kind: 'help'; readonly words: readonly string[] }
  | {
      readonly kind: 'command';
      readonly command: Command;
      readonly arguments: readonly string[];
      readonly given: Given;
    };

/** Options that every command takes. */
const everywhere: readonly OptionName[] = ['local', 'outputs', 'stack', 'json', 'help'];

/** @throws UsageError when it fits no command. */
export function readCommandLine(argv: readonly string[], commands: readonly Command[]): Asked {
  const { values, positionals } = parse(argv);
  if (positionals[0] === 'help') return { kind: 'help', words: positionals.slice(1) };
  if (values.help) return { kind: 'help', words: positionals };

  const command = commands.find((one) => wordsOf(one).every((word, at) => word === positionals[at]));
  if (command === undefined) throw new UsageError(unknown(positionals, commands));
  const own = positionals.slice(wordsOf(command).length);
  const { needed, optional } = argumentsOf(command);
  if (own.length < needed.length) throw new UsageError(`${needed[own.length]} is missing.`);
  if (own.length > needed.length + optional.length)
    throw new UsageError('There are more arguments than this command takes.');
  for (const name of Object.keys(values)) {
    if (!everywhere.some((known) => known === name) && !takes(command, name)) {
      throw new UsageError(`This command does not take --${name}.`);
    }
  }
  if (values.local && (values.outputs !== undefined || values.stack !== undefined)) {
    throw new UsageError('--local is this machine; --outputs and --stack are AWS. Give one of them.');
  }
  return { kind: 'command', command, arguments: own, given: values };
}

function parse(argv: readonly string[]) {
  try {
    const args = argv.map((word, at) => (isDashedId(word, argv[at - 1]) ? `${shield}${word}` : word));
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    return { values, positionals: positionals.map((word) => word.replace(shield, '')) };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const message = error.message.replace(/ To specify a positional argument.*$/s, '');
    throw new UsageError(message.replaceAll('\n', ' '));
  }
}

/** No word of a command line can hold it. */
const shield = '\u0000';

/** Some platforms' ids begin with a dash. Our short options have one letter, so that such an id cannot be meant as one. */
function isDashedId(word: string, before = ''): boolean {
  return /^-[^-]./.test(word) && !before.startsWith('--');
}

function unknown([noun, verb]: readonly string[], commands: readonly Command[]): string {
  if (noun === undefined) return 'Say what to do.';
  const isNoun = commands.some((one) => wordsOf(one)[0] === noun);
  if (!isNoun) return 'There is no such command.';
  return verb === undefined ? `Say what to do with ${noun}.` : `There is no such command for ${noun}.`;
}
