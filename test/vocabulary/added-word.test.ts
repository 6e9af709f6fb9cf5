/**
 * A new word in a closed set: the compiler names every place that has to decide something about it, and nothing else
 * breaks, because no set is declared twice.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { root } from '../structure/source-files.ts';

/** Only catches a compiler that hangs. */
const hanging = 300_000;

/**
 * Each closed set with the first of its words, and the files that decide something for every one of them: by a table or
 * a type, whose error names the missing word, or by a `switch`, whose error does not.
 */
const sets = [
  {
    name: 'connectionStatus',
    first: 'active',
    deciders: [
      'lib/connections/connection.ts',
      'lib/connections/schedule.ts',
      'lib/connections/transitions.ts',
    ],
  },
  {
    name: 'revocation',
    first: 'revoked',
    deciders: ['lib/integrations/disconnect/disconnect-integration.ts'],
  },
  {
    name: 'filedQueue',
    first: 'incoming',
    deciders: [
      'functions/replay-failure.ts',
      'lib/admin/failures/failures.ts',
      'lib/failures/replay-failure.ts',
    ],
    switches: ['lib/failures/file-failure.ts', 'lib/failures/replay-failure.ts'],
  },
  // These are compared or passed on, and no place has to decide about each of them.
  { name: 'linking', first: 'confirmed', deciders: [] },
  { name: 'completion', first: 'confirm', deciders: [] },
  { name: 'connectionEventType', first: 'connection.created', deciders: [] },
  { name: 'tokenKind', first: 'access_token', deciders: [] },
  { name: 'tokenOutcome', first: 'revoked', deciders: [] },
  { name: 'providerAuth', first: 'oauth2', deciders: [] },
  { name: 'failureStatus', first: 'failed', deciders: [] },
] as const;

const addedWord = (name: string) => `added_to_${name}`;

describe('a word added to a closed set', () => {
  it(
    'makes the compiler report every place that decides for all words, and no other',
    async () => {
      const text = await readFile(join(root, 'lib/vocabulary.ts'), 'utf8');
      const patched = sets.reduce(addWord, text);

      const errors = await compileErrors(patched);

      const missed = sets.map(({ name }) => ({
        name,
        deciders: [...new Set(errors.filter((error) => isMissing(error, name)).map(fileOf))].sort(),
      }));
      const others = errors.filter((error) => !sets.some(({ name }) => isMissing(error, name)));
      const switches = sets.flatMap((set) => ('switches' in set ? set.switches : []));
      expect(missed).toEqual(sets.map(({ name, deciders }) => ({ name, deciders })));
      expect(others.filter((error) => !endsWithoutReturn(error))).toEqual([]);
      expect(others.map(fileOf).sort()).toEqual(switches);
    },
    hanging,
  );

  it('is tested for every set in the vocabulary', async () => {
    const text = await readFile(join(root, 'lib/vocabulary.ts'), 'utf8');

    const declared = [...text.matchAll(/^export const (\w+) = z\.enum\(/gm)].map(([, name]) => name);

    expect(new Set(declared)).toEqual(new Set(sets.map(({ name }) => name)));
  });
});

function addWord(text: string, { name, first }: { readonly name: string; readonly first: string }): string {
  const start = text.indexOf(`export const ${name} = z.enum([`);
  const at = text.indexOf(`'${first}'`, start);
  if (start < 0 || at < 0) throw new Error(`The vocabulary has no set ${name} that begins with ${first}.`);
  return `${text.slice(0, at)}'${addedWord(name)}', ${text.slice(at)}`;
}

/** What the compiler says of the product with another vocabulary, one text for each error. */
async function compileErrors(vocabulary: string): Promise<readonly string[]> {
  const build = join(root, '.build');
  await mkdir(build, { recursive: true });
  const copy = await mkdtemp(join(build, 'added-word-'));
  try {
    for (const folder of ['lib', 'functions']) {
      await cp(join(root, folder), join(copy, folder), { recursive: true });
    }
    await writeFile(join(copy, 'lib/vocabulary.ts'), vocabulary);
    const include = ['lib', 'functions'];
    await writeFile(join(copy, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.json', include }));
    const compiler = join(root, 'node_modules/.bin/tsc');
    const { stdout } = await promisify(execFile)(compiler, ['--pretty', 'false', '--project', copy], {
      cwd: copy,
    }).catch(outputOfFailure);
    return stdout.split(/\n(?=\S)/).filter((error) => error.trim() !== '');
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** The compiler ends with a failure when there are errors. */
function outputOfFailure(failure: unknown): { readonly stdout: string } {
  if (failure instanceof Error && 'stdout' in failure && typeof failure.stdout === 'string') {
    return { stdout: failure.stdout };
  }
  throw failure;
}

/** Whether a table has no entry for the word that was added to this set, or a type has no place for it. */
function isMissing(error: string, name: string): boolean {
  const word = addedWord(name);
  return (
    error.includes(`Property '${word}' is missing`) || error.includes(`Type '"${word}"' is not assignable`)
  );
}

/** Whether a function ends without a result because its `switch` has no case for a word; the compiler names no word then. */
function endsWithoutReturn(error: string): boolean {
  return error.includes('error TS2366:');
}

function fileOf(error: string): string {
  return error.slice(0, error.indexOf('('));
}
