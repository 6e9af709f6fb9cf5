/**
 * Runs one command of `hawser`. Answers go to standard output, and everything else that is said to standard error:
 * which target it acts on, what to do next, what went wrong.
 */
import { appCommands } from './commands/apps.ts';
import { type Call, type Command, type Shown, UsageError } from './commands/command.ts';
import { connectionCommands } from './commands/connections.ts';
import { deadLetterCommands } from './commands/dead-letters.ts';
import { destinationCommands } from './commands/destinations.ts';
import { failureCommands } from './commands/failures.ts';
import { jobCommands } from './commands/jobs.ts';
import { keyCommands } from './commands/keys.ts';
import { providerCommands } from './commands/providers.ts';
import { returnUrlCommands } from './commands/return-urls.ts';
import { secretCommands } from './commands/secrets.ts';
import { tenantCommands } from './commands/tenants.ts';
import { userCommands } from './commands/users.ts';
import { chooseTarget } from './target/choose-target.ts';
import { type Asked, readCommandLine } from './terminal/command-line.ts';
import { explain } from './terminal/failure.ts';
import type { Io } from './terminal/io.ts';
import { usageLines, usageOf } from './terminal/usage.ts';

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
