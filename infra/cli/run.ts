/**
 * Runs one command of `hawser`. It prints data to standard output, and the target, advice and errors to standard error.
 */
import { CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Act, Shown } from './commands/call.ts';
import { createProgram } from './commands/program.ts';
import { chooseTarget } from './target/choose-target.ts';
import { explain } from './terminal/failure.ts';
import { usageHint, writeHelp } from './terminal/help.ts';
import type { Io } from './terminal/io.ts';
import { complaintOf, guardDashedIds, UsageError } from './terminal/usage-error.ts';

/** Returns the exit code: 0, 1 when the command failed, 2 when the command line is wrong. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const act: Act =
    (work) =>
    async (...given) => {
      const options = program.opts();
      const target = await chooseTarget(options, io);
      try {
        io.stderr.write(`Acting on ${target.name}.\n`);
        const { operator, apiUrl } = target;
        show(await work({ operator, apiUrl, io }, ...given), options.json === true, io);
      } finally {
        target.close();
      }
    };
  const program = createProgram(act, (root) => {
    root
      .helpCommand(false)
      .exitOverride()
      .configureHelp({ formatHelp: writeHelp })
      .configureOutput({
        writeOut: (text) => io.stdout.write(text),
        // The catch block below prints errors in our words, without repeating values.
        writeErr: () => undefined,
        getOutHelpWidth: () => io.stdout.columns ?? 100,
      });
  });
  // The command or noun that the command line names; its usage is printed with an error.
  let reached: CommandUnknownOpts = program;
  for (const parent of [program, ...program.commands]) {
    parent.hook('preSubcommand', (_, command) => {
      reached = command;
    });
  }

  try {
    await program.parseAsync(guardDashedIds(askForHelp(argv)), { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const isUsage = error instanceof CommanderError || error instanceof UsageError;
    const complaint = error instanceof CommanderError ? complaintOf(error, reached) : explain(error);
    io.stderr.write(`hawser: ${complaint}\n`);
    if (!isUsage) return 1;
    io.stderr.write(`\n${usageHint(reached)}`);
    return 2;
  }
}

/** `help key create` and `--help key create` mean `key create --help`. */
function askForHelp(argv: readonly string[]): readonly string[] {
  const [first, ...words] = argv;
  return first === 'help' || first === '--help' || first === '-h' ? [...words, '--help'] : argv;
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
