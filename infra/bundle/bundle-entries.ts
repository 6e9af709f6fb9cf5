/**
 * Bundles entry files for Lambda, each into its own folder. One file holds the static imports, which a cold start loads;
 * each `import()` becomes a chunk beside it, which costs a cold start nothing.
 */
import { rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';

export interface EntryBundle {
  readonly file: string;
  /** The total size of the files that a cold start loads: the entry, and chunks that it shares with lazy ones. */
  readonly bytes: number;
  /** The source files in these, relative to the project's root. */
  readonly sources: readonly string[];
  /** The chunks that an `import()` loads on first use. */
  readonly lazy: readonly { readonly file: string; readonly bytes: number }[];
}

export interface EntriesOptions {
  /** Source files by name. */
  readonly entries: Readonly<Record<string, string>>;
  /** Receives one folder per name. */
  readonly outputFolder: string;
  readonly root: string;
  readonly bundling: BuildOptions;
}

type Outputs = Metafile['outputs'];

/** Bundles each entry to `<outputFolder>/<name>/index.mjs`, with its source map and its chunks beside it. */
export async function bundleEntries(options: EntriesOptions): Promise<Readonly<Record<string, EntryBundle>>> {
  const { entries, outputFolder, root, bundling } = options;
  const names = Object.keys(entries);
  const lazyImporters = new Set<string>();
  const shared: BuildOptions & { metafile: true } = {
    absWorkingDir: root,
    outExtension: { '.js': '.mjs' },
    ...bundling,
    metafile: true,
  };

  const { metafile } = await build({
    ...shared,
    plugins: [...(bundling.plugins ?? []), recordLazyImports(root, lazyImporters)],
    entryPoints: names.map((name) => ({ in: entries[name] ?? '', out: `${name}/index` })),
    outdir: outputFolder,
  });
  const bundles = await Promise.all(
    names.map(async (name): Promise<[string, EntryBundle]> => {
      const folder = join(outputFolder, name);
      const whole = describe(metafile.outputs, root, join(folder, 'index.mjs'));
      const isSplit = whole.sources.some((source) => lazyImporters.has(source));
      return [name, isSplit ? await splitEntry(shared, entries[name] ?? '', folder) : whole];
    }),
  );
  return Object.fromEntries(bundles);
}

/** Bundles an entry separately, so that its chunks are in its own folder and no other function shares them. */
async function splitEntry(
  shared: BuildOptions & { metafile: true },
  source: string,
  folder: string,
): Promise<EntryBundle> {
  const root = shared.absWorkingDir ?? '.';
  await rm(folder, { recursive: true, force: true });
  const { metafile } = await build({
    ...shared,
    splitting: true,
    entryPoints: [{ in: source, out: 'index' }],
    chunkNames: 'chunks/[name]-[hash]',
    outdir: folder,
  });
  const bundle = describe(metafile.outputs, root, join(folder, 'index.mjs'));
  // Of an `import()` that was shaken out esbuild leaves the chunk behind.
  const needed = reachable(metafile.outputs, keyOf(root, bundle.file), isAny);
  const left = Object.keys(metafile.outputs).filter((path) => !needed.has(path.replace(/\.map$/, '')));
  await Promise.all(left.map((path) => rm(resolve(root, path))));
  return bundle;
}

/**
 * Notes each file of the project itself that loads something by `import()`, and leaves the loaded file out: inside an
 * entry esbuild would wrap it and all that it shares with others, and shake nothing out of them any more. What the SDK
 * loads so is substituted or shaken out.
 */
function recordLazyImports(root: string, importers: Set<string>): Plugin {
  return {
    name: 'record-lazy-imports',
    setup(building) {
      building.onResolve({ filter: /^\.{1,2}\// }, ({ path, kind, importer }) => {
        if (kind === 'dynamic-import' && !importer.includes('node_modules')) {
          importers.add(relative(root, importer));
          return { path, external: true };
        }
        return undefined;
      });
    },
  };
}

function describe(outputs: Outputs, root: string, file: string): EntryBundle {
  const entry = keyOf(root, file);
  const atStart = reachable(outputs, entry, (kind) => kind === 'import-statement');
  const later = [...reachable(outputs, entry, isAny)].filter((path) => !atStart.has(path));
  const started = [...atStart].flatMap((path) => outputs[path] ?? []);
  if (started.length === 0) throw new Error(`The build was expected to write ${file}.`);
  return {
    file,
    bytes: started.reduce((sum, { bytes }) => sum + bytes, 0),
    sources: started.flatMap(({ inputs }) => Object.keys(inputs)),
    lazy: later.map((path) => ({ file: resolve(root, path), bytes: outputs[path]?.bytes ?? 0 })),
  };
}

/** The outputs that an output leads to over imports of some kinds, itself included. */
function reachable(outputs: Outputs, from: string, follow: (kind: string) => boolean): ReadonlySet<string> {
  const found = new Set<string>();
  const next = [from];
  for (let path = next.pop(); path !== undefined; path = next.pop()) {
    const output = outputs[path];
    if (found.has(path) || !output) continue;
    found.add(path);
    for (const { path: imported, kind, external } of output.imports) {
      if (!external && follow(kind)) next.push(imported);
    }
  }
  return found;
}

const isAny = () => true;
/** As esbuild names its outputs: by path from the working folder. */
const keyOf = (root: string, file: string) => relative(root, file);
