/** Takes a secret from standard input or, on a terminal, from a prompt that does not show it. Never from an argument, which other users of the machine could see. */
import type { Io } from './io.ts';

const longestSecret = 4_096;
/** What a terminal in raw mode sends: Enter or Ctrl-D, Ctrl-C, Backspace or Delete, Ctrl-U. */
const ends: ReadonlySet<string> = new Set(['\r', '\n', '\u0004']);
const interrupt = '\u0003';
const erases: ReadonlySet<string> = new Set(['\b', '\u007f']);
const eraseAll = '\u0015';

/** @throws Error when nothing usable was given. */
export async function readSecret(io: Io, what: string): Promise<string> {
  const text = (io.stdin.isTTY ? await prompt(io, what) : await readAll(io)).trim();
  if (text === '') throw new Error(`The ${what} is missing. Type it at the prompt, or pipe it in.`);
  // The characters of a client secret (RFC 6749 appendix A.2).
  if (!/^[\x20-\x7e]+$/.test(text) || text.length > longestSecret) {
    throw new Error(`The ${what} has at most ${longestSecret} characters, all of them visible ASCII.`);
  }
  return text;
}

async function readAll({ stdin }: Io): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of stdin) {
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    if (text.length > 2 * longestSecret) break;
  }
  return text;
}

async function prompt({ stdin, stderr }: Io, what: string): Promise<string> {
  stderr.write(`The ${what} (it will not show): `);
  stdin.setRawMode?.(true);
  try {
    return await readLine(stdin);
  } finally {
    stdin.setRawMode?.(false);
    stderr.write('\n');
  }
}

async function readLine(stdin: Io['stdin']): Promise<string> {
  const decoder = new TextDecoder();
  let line = '';
  for await (const chunk of stdin) {
    for (const character of typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })) {
      if (ends.has(character)) return line;
      if (character === interrupt) throw new Error('Stopped. Nothing was changed.');
      if (erases.has(character)) line = line.slice(0, -1);
      else if (character === eraseAll) line = '';
      else line += character;
    }
  }
  return line;
}
