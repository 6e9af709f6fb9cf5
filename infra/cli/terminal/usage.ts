/** The help, made of the commands' own usage lines. */
import { type Command, wordsOf } from '../commands/command.ts';

const start = `hawser: tenants, keys, provider apps, connections and what failed, on AWS and on this machine.

Usage: npm run hawser -- COMMAND [options]
`;

const targets = `Where it acts:
  --local            the stack that \`npm start\` runs on this machine
  --outputs FILE     the stack on AWS whose outputs stand in FILE (.hawser/outputs.json, written by npm run deploy)
  --stack NAME       that stack of several in the file
  Without any of these: AWS where the file exists, else this machine.

Also everywhere:
  --json             JSON for programs
  --help             this help, of one command or of all
`;

/** The help for all commands, or for those that begin with the words. */
export function usageOf(commands: readonly Command[], words: readonly string[] = []): string {
  const meant = commands.filter((command) => {
    const own = wordsOf(command);
    return words.slice(0, own.length).every((word, at) => word === own[at]);
  });
  const shown = meant.length > 0 ? meant : commands;
  const lines = shown.map(({ usage, summary }) => `  ${usage}\n      ${summary}`);
  return `${start}\n${lines.join('\n')}\n\n${targets}`;
}

/** The usage lines alone, beside a complaint. */
export function usageLines(commands: readonly Command[], words: readonly string[]): string {
  const nouns = commands.filter((command) => wordsOf(command)[0] === words[0]);
  const exact = nouns.filter((command) => wordsOf(command).every((word, at) => word === words[at]));
  const meant = exact.length > 0 ? exact : nouns.length > 0 ? nouns : commands;
  return `Usage:\n${meant.map(({ usage }) => `  hawser ${usage}`).join('\n')}\n\nMore: npm run hawser -- help\n`;
}
