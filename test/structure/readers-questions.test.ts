/** The READMEs name real files: a new reader who follows a link, or a path in backticks in lib's, arrives. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './source-files.ts';

const readmes = globSync(['README.md', '{functions,infra,lib,test}/**/README.md'], { cwd: root }).map(
  (found) => found.replaceAll('\\', '/'),
);
const libReadme = readFileSync(join(root, 'lib/README.md'), 'utf8');

describe('a README', () => {
  it.each(readmes)('%s links only to files that exist', (readme) => {
    const text = readFileSync(join(root, readme), 'utf8');
    const targets = [...text.matchAll(/\]\((?<target>[^)\s]+)\)/g)]
      .map(({ groups }) => (groups?.['target'] ?? '').replace(/#.*$/, ''))
      .filter((target) => target !== '' && !/^[a-z]+:/i.test(target));

    const missing = targets.filter((target) => !existsSync(resolve(root, dirname(readme), target)));

    expect(missing).toEqual([]);
  });
});

describe('the questions of a new reader in lib/README.md', () => {
  const [, questions = ''] = libReadme.split('## Questions of a new reader');
  const rows = [
    ...questions.matchAll(/^\| (?<question>[^|]+\?) \| \[(?<path>[^\]]+)\]\((?<target>[^)]+)\) \|$/gm),
  ];

  it('are ten or more', () => {
    expect(rows.length).toBeGreaterThanOrEqual(10);
  });

  it('are each answered by one source file that exists', () => {
    const answers = rows.map(({ groups }) => groups?.['path'] ?? '');

    expect(answers.filter((path) => !path.endsWith('.ts') || !existsSync(join(root, 'lib', path)))).toEqual(
      [],
    );
    expect(rows.filter(({ groups }) => groups?.['path'] !== groups?.['target'])).toEqual([]);
  });
});

describe('a path in backticks in lib/README.md', () => {
  it('names a file or a folder that exists', () => {
    const named = [...libReadme.matchAll(/`(?<path>[a-z][\w./-]*(?:\.ts|\/))`/g)].map(
      ({ groups }) => groups?.['path'] ?? '',
    );
    const isThere = (path: string) =>
      [root, join(root, 'lib'), ...sections].some((folder) => existsSync(join(folder, path)));

    expect(named.filter((path) => !isThere(path))).toEqual([]);
  });
});

/** Rooms whose files the README names without their path, where the sentence has named the room. */
const sections = [
  'lib/integrations',
  'lib/integrations/lifecycle',
  'lib/providers',
  'lib/messages',
  'lib/platforms/tiktok',
].map((folder) => join(root, folder));
