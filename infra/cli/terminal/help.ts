/** The help: of all commands, of one noun, or of one command with each of its options. */
import type { CommandUnknownOpts, Help } from '@commander-js/extra-typings';
import { plainFlags, rootOf } from './usage-error.ts';

const targets =
  'Without --local, --outputs or --stack: AWS when .hawser/outputs.json exists, otherwise this machine.';

/** Formats commander's help; see `configureHelp`. */
export function writeHelp(command: CommandUnknownOpts, help: Help): string {
  const width = help.helpWidth ?? 100;
  const nouns = command.parent ? [] : command.commands.filter((one) => one.commands.length > 0);
  const single = command.commands.filter((one) => one.commands.length === 0);
  const blocks =
    command.commands.length === 0
      ? [indented(command.description(), 2, help, width)]
      : [
          ...(single.length > 0 ? [single.map((one) => commandBlock(one, help, width)).join('')] : []),
          ...nouns.map(
            (noun) =>
              `${noun.name()}: ${noun.description()}\n${noun.commands.map((one) => commandBlock(one, help, width)).join('')}`,
          ),
        ];
  const own =
    command.parent && command.options.length > 0 ? [optionBlock('Options', command, help, width)] : [];
  return [
    headOf(command),
    ...blocks,
    ...own,
    optionBlock('Everywhere', rootOf(command), help, width),
    `${targets}\n`,
  ].join('\n');
}

/** The usage beside a complaint: of the command, of each command of its noun, or of all nouns in a line each. */
export function usageHint(command: CommandUnknownOpts): string {
  const shown = command.commands.length === 0 ? [command] : command.commands;
  const lines = shown.map((one) => `  hawser ${usageOf(one)}\n`);
  const help = ['npm run hawser --', ...pathOf(command), '--help'].join(' ');
  return `Usage:\n${lines.join('')}\nMore: ${help}\n`;
}

function headOf(command: CommandUnknownOpts): string {
  const path = pathOf(command).join(' ');
  if (path === '') return `hawser: ${command.description()}\n\nUsage: npm run hawser -- COMMAND [options]\n`;
  if (command.commands.length > 0) {
    return `hawser ${path}: ${command.description()}\n\nUsage: npm run hawser -- ${path} COMMAND [options]\n`;
  }
  return `Usage: npm run hawser -- ${usageOf(command)}\n`;
}

function commandBlock(command: CommandUnknownOpts, help: Help, width: number): string {
  return `  ${usageOf(command)}\n${indented(command.description(), 6, help, width)}`;
}

function optionBlock(title: string, command: CommandUnknownOpts, help: Help, width: number): string {
  const rows = [
    ...command.options.map(({ flags, description }) => [plainFlags(flags), description] as const),
    ...(command.parent ? [] : [['-h, --help', 'show this help, of one command or of all'] as const]),
  ];
  const column = Math.max(...rows.map(([flags]) => flags.length)) + 4;
  const lines = rows.map(
    ([flags, description]) =>
      `  ${flags.padEnd(column - 2)}${indented(description, column, help, width).trimStart()}`,
  );
  return `${title}:\n${lines.join('')}`;
}

function indented(text: string, by: number, help: Help, width: number): string {
  return help
    .boxWrap(text, width - by)
    .split('\n')
    .map((line) => `${' '.repeat(by)}${line}\n`)
    .join('');
}

/** Such as `key create TENANT [--label LABEL]`. */
function usageOf(command: CommandUnknownOpts): string {
  return [
    ...pathOf(command),
    ...(command.commands.length > 0 ? [command.commands.map((one) => one.name()).join('|')] : []),
    ...command.registeredArguments.map((one) => (one.required ? one.name() : `[${one.name()}]`)),
    ...command.options.map(({ flags, mandatory }) =>
      mandatory ? plainFlags(flags) : `[${plainFlags(flags)}]`,
    ),
  ].join(' ');
}

function pathOf(command: CommandUnknownOpts): readonly string[] {
  return command.parent ? [...pathOf(command.parent), command.name()] : [];
}
