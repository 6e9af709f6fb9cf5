/** What is wrong with a command line, in one sentence that never repeats a value: it could be a secret in the wrong place. */
import type { CommanderError, CommandUnknownOpts } from '@commander-js/extra-typings';

/** A command found its arguments or options wrong; the usage is shown with the message. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Commander's messages quote what was typed, so only its codes and the names that we declared are used.
 * @param command the command that refused the command line.
 */
export function complaintOf(error: CommanderError, command: CommandUnknownOpts): string {
  const { code, message } = error;
  const declared = /'([^']*)'/.exec(message)?.[1] ?? '';
  switch (code) {
    case 'commander.help':
      return command.parent ? `Say what to do with ${command.name()}.` : 'Say what to do.';
    case 'commander.unknownCommand':
      return `There is no such command${command.parent ? ` for ${command.name()}` : ''}.${suggestion(message)}`;
    case 'commander.unknownOption':
      return unknownOption(message, command);
    case 'commander.missingArgument':
      return `${declared} is missing.`;
    case 'commander.excessArguments':
      return 'There are more arguments than this command takes.';
    case 'commander.optionMissingArgument':
      return `Option '${plainFlags(declared)}' needs a value.`;
    case 'commander.missingMandatoryOptionValue':
      return missingOption(declared, command);
    case 'commander.invalidArgument':
      return `Option '${plainFlags(declared)}' has no such value.${choicesIn(message)}`;
    case 'commander.conflictingOption':
      return '--local is this machine; --outputs and --stack are AWS. Give one of them.';
    default:
      return 'The command line cannot be understood.';
  }
}

/** `--name <NAME>` as the help shows it. */
export function plainFlags(flags: string): string {
  return flags.replace(/[<>]/g, '');
}

/**
 * Ids of some platforms begin with a dash, and would be read as options. Such an id is always a command's last argument,
 * so it moves behind `--`. Our short options have one letter, so none of them is mistaken for an id.
 */
export function guardDashedIds(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  const [before, after] = end < 0 ? [argv, []] : [argv.slice(0, end), argv.slice(end + 1)];
  const isDashedId = (word: string, at: number) =>
    /^-[^-]./.test(word) && before[at - 1]?.startsWith('--') !== true;
  const ids = before.filter(isDashedId);
  if (ids.length === 0) return argv;
  return [...before.filter((word, at) => !isDashedId(word, at)), '--', ...ids, ...after];
}

function unknownOption(message: string, command: CommandUnknownOpts): string {
  // What follows `=` is a value.
  const flag = /'(--?[A-Za-z][A-Za-z0-9-]*)/.exec(message)?.[1];
  if (flag === undefined) return 'Unknown option.';
  const isKnownElsewhere = commandsBelow(rootOf(command)).some((one) =>
    one.options.some(({ long }) => long === flag),
  );
  return isKnownElsewhere
    ? `This command does not take ${flag}.`
    : `Unknown option '${flag}'.${suggestion(message)}`;
}

function missingOption(flags: string, command: CommandUnknownOpts): string {
  const option = command.options.find((one) => one.flags === flags);
  return `Give ${plainFlags(flags)} to ${option?.description ?? 'do this'}.`;
}

/** The nearest of our own names, which commander looks for. */
function suggestion(message: string): string {
  const [, names] = /\(Did you mean ([^)]*)\?\)/.exec(message) ?? [];
  return names === undefined ? '' : ` Did you mean ${names}?`;
}

function choicesIn(message: string): string {
  const [, choices] = /Allowed choices are (.*)\.$/.exec(message) ?? [];
  return choices === undefined ? '' : ` It is one of: ${choices}.`;
}

export function rootOf(command: CommandUnknownOpts): CommandUnknownOpts {
  return command.parent ? rootOf(command.parent) : command;
}

function commandsBelow(command: CommandUnknownOpts): readonly CommandUnknownOpts[] {
  return [command, ...command.commands.flatMap(commandsBelow)];
}
