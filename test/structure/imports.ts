/** What the imports between source files say about the levels: who imports upwards, and whether there is a circle. */

import { handedOver, levels } from './levels.ts';
import type { SourceFile } from './source-files.ts';

export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const ground = levels.length - 1;
const units = levels.flatMap((level, depth) => level.map((unit) => ({ unit, depth })));

export function unitOf(path: string) {
  return units.find(({ unit }) => path === unit || path.startsWith(`${unit}/`));
}

export function edgesOf(files: readonly SourceFile[]): readonly Edge[] {
  return files.flatMap(({ path: from, imports }) =>
    imports.map(({ path: to, typeOnly }) => ({ from, to, typeOnly })),
  );
}

/** Imports from a higher level, from a sibling, or from outside the levels. */
export function upwardImports(files: readonly SourceFile[]): readonly Edge[] {
  return edgesOf(files).filter(({ from, to, typeOnly }) => {
    const [above, below] = [unitOf(from), unitOf(to)];
    if (!above || !below) return true;
    if (above.unit === below.unit || above.depth < below.depth) return false;
    // The files of the ground level belong together; circles among them are refused like any other.
    if (above.depth === ground && below.depth === ground) return false;
    return !(typeOnly && handedOver.has(`${above.unit} ← ${below.unit}`));
  });
}

/** The first circle of imports that a walk from each file meets, types included. */
export function findCircle(files: readonly SourceFile[]): readonly string[] | undefined {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const walk = (path: string, way: readonly string[]): readonly string[] | undefined => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const next of byPath.get(path)?.imports ?? []) {
      const circle = walk(next.path, [...way, path]);
      if (circle) return circle;
    }
    done.add(path);
    return undefined;
  };
  for (const { path } of files) {
    const circle = walk(path, []);
    if (circle) return circle;
  }
  return undefined;
}
