/**
 * Runs one command of `hawser`. Answers go to standard output, and everything else that is said to standard error:
 * which target it acts on, what to do next, what went wrong.
 */
import { appCommands } from './app-commands.ts';
import { chooseTarget } from './choose-target.ts';
import { type Call, type Command, type Shown, UsageError } from './command.ts';
import { type Asked, readCommandLine } from './command-line.ts';
import { connectionCommands } from './connection-commands.ts';
import { deadLetterCommands } from './dead-letter-commands.ts';
import { destinationCommands } from './destination-commands.ts';
import { explain } from './failure.ts';
import { failureCommands } from './failure-commands.ts';
import type { Io } from './io.ts';
import { jobCommands } from './job-commands.ts';
import { keyCommands } from './key-commands.ts';
import { providerCommands } from './provider-commands.ts';
import { returnUrlCommands } from './return-url-commands.ts';
import { secretCommands } from './secret-commands.ts';
import { tenantCommands } from './tenant-commands.ts';
import { usageLines, usageOf } from './usage.ts';
import { userCommands } from './user-commands.ts';

const commands: readonly Command[] = [
  ...tenantCommands,
  ...keyCommands,
  ...returnUrlCommands,
  ...appCommands,
  ...connectionCommands,
  ...userCommands,
  ...jobCommands,
  ...providerCommands,
  ...deadLetterCommands,
  ...failureCommands,
  ...destinationCommands,
  ...secretCommands,
];

/** Answers the exit code: 0, 1 when it failed, 2 when the command line is at fault. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    const asked = readCommandLine(argv, commands);
    if (asked.kind === 'help') io.stdout.write(usageOf(commands, asked.words));
    else await execute(asked, io);
    return 0;
  } catch (error) {
    io.stderr.write(`hawser: ${explain(error)}\n`);
    if (!(error instanceof UsageError)) return 1;
    io.stderr.write(
      `\n${usageLines(
        commands,
        argv.filter((word) => !word.startsWith('-')),
      )}`,
    );
    return 2;
  }
}

async function execute(asked: Asked & { readonly kind: 'command' }, io: Io): Promise<void> {
  const { command, given } = asked;
  const target = await chooseTarget(given, io);
  try {
    io.stderr.write(`Acting on ${target.name}.\n`);
    const { operator, apiUrl } = target;
    const call: Call = { operator, apiUrl, arguments: asked.arguments, given, io };
    show(await command.act(call), given.json === true, io);
  } finally {
    target.close();
  }
}

function show(shown: Shown, asJson: boolean, io: Io): void {
  if (asJson) {
    // JSON leaves the control characters above ASCII as they are; a terminal might obey them.
    const json = JSON.stringify(shown.data, null, 2).replace(
      /[\u007f-\u009f]/g,
      (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
    );
    io.stdout.write(`${json}\n`);
    return;
  }
  io.stdout.write(shown.text);
  if (shown.note !== undefined) io.stderr.write(`${shown.note}\n`);
}
