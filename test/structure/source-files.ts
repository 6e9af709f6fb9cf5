/** The product's source files and the imports of each, types included: the input of every structure check. */
import { globSync, readFileSync } from 'node:fs';
import { posix, resolve } from 'node:path';

export interface SourceFile {
  /** From the project's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

/** Another file of the project, by path. */
export interface Import {
  readonly path: string;
  /** Nothing of it is left when the program runs. */
  readonly typeOnly: boolean;
}

export const root = resolve(import.meta.dirname, '..', '..');

/** Static and dynamic imports and re-exports. The formatter keeps every module name in single quotes. */
const importPattern =
  /(?:^(?:import|export)\s(?<type>type\s)?(?:[^;'"`]*?\sfrom\s)?|\bimport\(\s*|\bimport\s+)'(?<specifier>[^']+)'/gm;

export function readSourceFiles(): readonly SourceFile[] {
  return globSync(['functions/**/*.ts', 'infra/**/*.ts', 'lib/**/*.ts'], { cwd: root })
    .map((found) => found.replaceAll('\\', '/'))
    .toSorted()
    .map((path) => {
      const text = readFileSync(resolve(root, path), 'utf8');
      return { path, text, imports: importsOf(path, text) };
    });
}

/** The project's files that the text of a file imports. */
export function importsOf(path: string, text: string): readonly Import[] {
  return [...text.matchAll(importPattern)]
    .map(({ groups }) => ({
      specifier: groups?.['specifier'] ?? '',
      typeOnly: groups?.['type'] !== undefined,
    }))
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier, typeOnly }) => ({ path: posix.join(posix.dirname(path), specifier), typeOnly }));
}
