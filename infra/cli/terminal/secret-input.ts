/**
 * Reads secrets from standard input: from prompts that do not echo on a terminal, as text or JSON from a pipe. Never from
 * an argument, which other users of the machine could see. No message ever repeats what was read.
 */
import { PassThrough, Writable } from 'node:stream';
import { read } from 'read';
import type { Io } from './io.ts';

const longestSecret = 4_096;
/** What a terminal in raw mode sends for Enter and Ctrl-D, and for Ctrl-C. */
const ends: ReadonlySet<string> = new Set(['\r', '\n', '\u0004']);
const interrupt = '\u0003';

/**
 * Reads the secrets that are asked for: at a terminal one after the other; from a pipe a single one as plain text,
 * several as one JSON object by their names.
 * @param asked what to call each secret in prompts, by its name, as in `{ clientSecret: 'client secret' }`.
 * @throws Error when a secret is missing or malformed.
 */
export async function readSecrets<Asked extends Readonly<Record<string, string | undefined>>>(
  io: Io,
  asked: Asked,
): Promise<{ readonly [Name in keyof Asked]: string }> {
  const questions = Object.entries(asked).flatMap(([name, what]) =>
    what === undefined ? [] : [{ name, what }],
  );
  const texts = io.stdin.isTTY
    ? await prompt(
        io,
        questions.map(({ what }) => what),
      )
    : readPipe(
        await readAll(io, questions.length),
        questions.map(({ name }) => name),
      );
  const entries = questions.map(({ name, what }, at) => [name, usable(texts[at] ?? '', what)] as const);
  return Object.fromEntries(entries) as { readonly [Name in keyof Asked]: string };
}

function usable(given: string, what: string): string {
  const text = given.trim();
  if (text === '') throw new Error(`The ${what} is missing. Type it at the prompt, or pipe it in.`);
  // The characters of a client secret (RFC 6749 appendix A.2).
  if (!/^[\x20-\x7e]+$/.test(text) || text.length > longestSecret) {
    throw new Error(`The ${what} has at most ${longestSecret} characters, all of them visible ASCII.`);
  }
  return text;
}

/** The texts in the order of their names. */
function readPipe(text: string, names: readonly string[]): readonly string[] {
  if (names.length === 1) return [text];
  const given = parseObject(text);
  const strange = given && Object.keys(given).some((name) => !names.includes(name));
  if (given === undefined || strange) {
    const shape = names.map((name) => `"${name}": "…"`).join(', ');
    throw new Error(`Several secrets come through a pipe as one JSON object: {${shape}}.`);
  }
  return names.map((name) => (typeof given[name] === 'string' ? given[name] : ''));
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

async function readAll({ stdin }: Io, secrets: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of stdin) {
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    if (text.length > 2 * longestSecret * secrets) break;
  }
  return text;
}

/**
 * Asks for one secret after the other. The stream ends with its reader, so one reader serves all prompts: what is pasted
 * after the end of one line belongs to the next.
 */
async function prompt({ stdin, stderr }: Io, questions: readonly string[]): Promise<readonly string[]> {
  const typed = charactersOf(stdin);
  const lines: string[] = [];
  stdin.setRawMode?.(true);
  try {
    for (const what of questions) {
      stderr.write(`The ${what} (it will not show): `);
      lines.push(await readLine(typed));
      stderr.write('\n');
    }
    return lines;
  } finally {
    stdin.setRawMode?.(false);
    if (lines.length < questions.length) stderr.write('\n');
    await typed.return();
  }
}

async function* charactersOf(stdin: Io['stdin']): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  for await (const chunk of stdin) {
    yield* typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
  }
}

/** Lets `read` edit one line, on an output that shows nothing. */
async function readLine(typed: AsyncGenerator<string, void>): Promise<string> {
  const input = new PassThrough();
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const line = read({ input, output, silent: true, terminal: true });
  try {
    const [text] = await Promise.all([line, feedLine(typed, input)]);
    return text;
  } catch (error) {
    throw new Error('Stopped. Nothing was changed.', { cause: error });
  } finally {
    input.destroy();
  }
}

/** Passes on what is typed until the line ends or is interrupted; the end of the input ends the line too. */
async function feedLine(typed: AsyncGenerator<string, void>, line: PassThrough): Promise<void> {
  for (let next = await typed.next(); !next.done; next = await typed.next()) {
    if (ends.has(next.value)) break;
    line.write(next.value);
    if (next.value === interrupt) return;
  }
  line.write('\r');
}
