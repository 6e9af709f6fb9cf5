/** Prints the demo: narration, commands, HTTP exchanges and checks. A check that fails ends the demo. */
import { STATUS_CODES } from 'node:http';
import { headingOf } from '../sandbox/visitor/html-form.ts';
import { jsonText } from './json-text.ts';
import { createMask } from './mask.ts';

export type Transcript = ReturnType<typeof createTranscript>;

/** One HTTP request with its response. */
export interface Exchange {
  /** The caller, such as `application` or `browser`. */
  readonly by: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: URLSearchParams | string | undefined;
  readonly status: number;
  readonly answerHeaders: Headers;
  readonly answer: string;
}

/** A step of the demo did not go as expected. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
}

const shownHeaders = ['authorization', 'cookie'] as const;
const styles = { bold: 1, dim: 2, red: 31, green: 32, cyan: 36 } as const;

export function createTranscript(options: {
  readonly write: (text: string) => void;
  /** Whether to print in colours. */
  readonly colour: boolean;
}) {
  const mask = createMask();
  let checks = 0;
  /** The query that was printed last: a redirect and the request that follows it have the same one. */
  let printedQuery = '';
  return { mask, title, say, command, exchange, check, failed, checks: () => checks };

  function title(text: string): void {
    print(`\n${style('bold', text)}\n${style('bold', '─'.repeat(text.length))}\n`);
  }

  function say(text: string): void {
    print(`\n${wrap(text)}\n`);
  }

  function command(line: string, output: string): void {
    print(`\n    ${style('cyan', `$ ${line}`)}\n${indent(output.trimEnd(), 4)}\n`);
  }

  function exchange(one: Exchange): void {
    const url = new URL(one.url);
    print(
      `\n    ${style('cyan', `${one.by} → ${one.method} ${addressOf(url)}`)}\n`,
      ...query(url),
      ...shownHeaders.flatMap((name) => {
        const value = one.headers.get(name);
        return value === null ? [] : [`        ${name}: ${mask.header(name, value)}\n`];
      }),
      ...body(one.body),
    );
    const reason = STATUS_CODES[one.status] ?? '';
    print(`    ${style('cyan', `${' '.repeat(one.by.length)} ← ${one.status} ${reason}`)}\n`);
    for (const cookie of one.answerHeaders.getSetCookie()) {
      print(`        set-cookie: ${mask.header('set-cookie', cookie)}\n`);
    }
    print(...answer(one, url));
  }

  /** @throws StepFailed when `holds` is false. */
  function check(sentence: string, holds: boolean): void {
    if (!holds) throw new StepFailed(sentence);
    checks += 1;
    print(`\n  ${style('green', '✓')} ${sentence}\n`);
  }

  function failed(what: string, lines: readonly string[]): void {
    print(`\n  ${style('red', '✗')} ${what}\n`);
    if (lines.length > 0) print(`\nWhat the functions wrote last:\n${indent(lines.join('\n'), 4)}\n`);
  }

  function query({ search, searchParams }: URL): readonly string[] {
    if (search === '') return [];
    if (search === printedQuery) return [`        ${style('dim', '(parameters as above)')}\n`];
    printedQuery = search;
    return parameters(searchParams);
  }

  function parameters(given: URLSearchParams): readonly string[] {
    return mask.parametersOf(given).map(([name, value]) => `        ${name} = ${value}\n`);
  }

  function body(given: Exchange['body']): readonly string[] {
    if (given === undefined) return [];
    return typeof given === 'string' ? json(given) : parameters(given);
  }

  function answer({ answerHeaders, answer: text }: Exchange, url: URL): readonly string[] {
    const location = answerHeaders.get('location');
    if (location !== null) {
      const target = new URL(location, url);
      return [`        location: ${addressOf(target)}\n`, ...query(target)];
    }
    if (answerHeaders.get('content-type')?.startsWith('application/json')) return json(text);
    return text === '' ? [] : [`        a page: “${headingOf(text)}”\n`];
  }

  function json(text: string): readonly string[] {
    const value: unknown = JSON.parse(text);
    return [`${indent(jsonText(mask.fieldsOf(value)), 8)}\n`];
  }

  function print(...texts: readonly string[]): void {
    options.write(mask.scrub(texts.join('')));
  }

  function style(name: keyof typeof styles, text: string): string {
    return options.colour ? `\u001b[${styles[name]}m${text}\u001b[0m` : text;
  }
}

function addressOf(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function indent(text: string, blanks: number): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(blanks));
}

/** Lines of at most 88 characters. */
function wrap(text: string): string {
  return text.replace(/(.{1,88})(?:\s+|$)/g, '$1\n').trimEnd();
}
