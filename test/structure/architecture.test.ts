/** The structure of the house: imports point one way, and what must stay in one place stays there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { edgesOf, findCircle, unitOf, upwardImports } from './imports.ts';
import { importsOf, readSourceFiles, root, type SourceFile } from './source-files.ts';

const files = readSourceFiles();
const byPath = new Map(files.map((file) => [file.path, file]));

describe('a source file', () => {
  it('belongs to a room of the house', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(files.filter(({ path }) => unitOf(path) === undefined)).toEqual([]);
  });

  it('imports from lower levels or its own room, never upwards or from a sibling', () => {
    expect(upwardImports(files)).toEqual([]);
  });

  it('imports only files that exist', () => {
    expect(edgesOf(files).filter(({ to }) => !byPath.has(to))).toEqual([]);
  });

  it('is part of no import cycle', () => {
    expect(findCircle(files)).toBeUndefined();
  });

  it('exports by name only', () => {
    const byDefault = files.filter(({ text }) =>
      /^export default\b|^export \{[^}]*\bas default\b/m.test(text),
    );

    expect(paths(byDefault)).toEqual([]);
  });

  it('does not read the environment outside the settings and the entries of infra', () => {
    const readers = files.filter(({ text }) => /\bprocess\.env\b|\benv\b.*from 'node:process'/.test(text));

    const unexpected = paths(readers).filter(
      (path) => path !== 'lib/config.ts' && !infraEntries().includes(path),
    );

    expect(unexpected).toEqual([]);
  });
});

describe('a function', () => {
  it('exports only its handler', () => {
    const exported = files
      .filter(({ path }) => path.startsWith('functions/'))
      .map(({ path, text }) => [
        path,
        text.match(/^export .*/gm)?.map((line) => line.split(/[\s=(:]+/, 3).join(' ')),
      ]);

    expect(exported.length).toBeGreaterThan(0);
    for (const [path, names] of exported) expect([path, names]).toEqual([path, ['export const handler']]);
  });

  it('does not import another function', () => {
    expect(
      edgesOf(files).filter(({ from, to }) => from.startsWith('functions/') && to.startsWith('functions/')),
    ).toEqual([]);
  });
});

describe('infra', () => {
  it('imports only settings, tables and the contract from lib, except in its command line and local stack', () => {
    const wide = /^infra\/(?:cli|local)\//;
    const allowed = /^lib\/(?:config|contract\/contract|contract\/open-api-document|table\/[^/]+)\.ts$/;

    const wrong = edgesOf(files).filter(
      ({ from, to }) =>
        from.startsWith('infra/') && !wide.test(from) && to.startsWith('lib/') && !allowed.test(to),
    );

    expect(wrong).toEqual([]);
  });
});

describe('a provider', () => {
  it('is imported by the list of built-in platforms only', () => {
    const providers = paths(files.filter(({ text }) => /^export const \w+ = definePlatform\(/m.test(text)));

    const importers = edgesOf(files)
      .filter(({ to }) => providers.includes(to))
      .map(({ from }) => from);

    expect(providers).toContain('lib/platforms/tiktok/definition.ts');
    expect(providers.filter((path) => !path.startsWith('lib/platforms/'))).toEqual([]);
    expect([...new Set(importers)].sort()).toEqual(['lib/platforms/built-in.ts']);
  });
});

describe('the legacy token format', () => {
  it('is opened neither by a function nor in lib', () => {
    const importers = edgesOf(files)
      .filter(({ from, to }) => to === 'lib/admin/import/legacy-token.ts' && !from.startsWith('infra/'))
      .map(({ from }) => from);

    expect(byPath.has('lib/admin/import/legacy-token.ts')).toBe(true);
    expect(importers).toEqual([]);
  });
});

describe('the import scanner', () => {
  it('recognises every form of import', () => {
    const text = [
      "import './a.ts';",
      "import type { B } from '../b.ts';",
      "import {\n  type C,\n  d,\n} from './c/d.ts';",
      "export { e } from './e.ts';",
      "export * from './f.ts';",
      "const g = await import('./g.ts');",
      "type H = import('./h.ts').H;",
      "import { readFile } from 'node:fs';",
    ].join('\n');

    const typed = importsOf('lib/x/y.ts', text).map(
      ({ path, typeOnly }) => `${typeOnly ? 'type ' : ''}${path}`,
    );

    expect(typed).toEqual([
      'lib/x/a.ts',
      'type lib/b.ts',
      'lib/x/c/d.ts',
      'lib/x/e.ts',
      'lib/x/f.ts',
      'lib/x/g.ts',
      'lib/x/h.ts',
    ]);
  });
});

function paths(some: readonly SourceFile[]): readonly string[] {
  return some.map(({ path }) => path);
}

/** The files of infra that `package.json` and `cdk.json` start. */
function infraEntries(): readonly string[] {
  return ['package.json', 'cdk.json'].flatMap(
    (name) => readFileSync(join(root, name), 'utf8').match(/\binfra\/[\w/-]+\.ts/g) ?? [],
  );
}
