/**
 * The bundles that are compared: the product's, built as they are deployed; contenders built alike; and the token
 * function once more, as somebody builds it who changes no setting.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { z } from 'zod';
import * as mini from 'zod/mini';
import { type BundleReport, bundleFunctions, bundling } from '../../infra/bundle.ts';
import { benchFolder, root } from './bench-folder.ts';

export interface ContenderBundles {
  readonly functions: BundleReport;
  /** File of the function that does nothing. */
  readonly empty: string;
  /** File of the function that only reads one item. */
  readonly getItem: string;
}

let built: Promise<ContenderBundles> | undefined;

/** Built once per run, whoever asks first. */
export function contenderBundles(): Promise<ContenderBundles> {
  built ??= buildContenders();
  return built;
}

/** With esbuild's own settings for Node: CommonJS sources first, no minification; zod whole, every way to credentials, nothing done ahead. */
export async function naiveTokenBundle(): Promise<string> {
  const file = join(benchFolder, 'naive', 'index.cjs');
  await build({
    absWorkingDir: root,
    entryPoints: [join('functions', 'token.ts')],
    outfile: file,
    bundle: true,
    platform: 'node',
    plugins: [wholeZod, nothingEarly],
    logLevel: 'warning',
  });
  return file;
}

async function buildContenders(): Promise<ContenderBundles> {
  const functions = await bundleFunctions({ outputFolder: join(benchFolder, 'functions') });
  await build({
    ...bundling,
    absWorkingDir: root,
    entryPoints: [
      { in: fileURLToPath(new URL('./contenders/empty.ts', import.meta.url)), out: 'empty/index' },
      { in: fileURLToPath(new URL('./contenders/get-item.ts', import.meta.url)), out: 'get-item/index' },
    ],
    outdir: benchFolder,
    outExtension: { '.js': '.mjs' },
  });
  return {
    functions,
    empty: join(benchFolder, 'empty', 'index.mjs'),
    getItem: join(benchFolder, 'get-item', 'index.mjs'),
  };
}

/**
 * `import { z } from 'zod'`, which keeps all of it, where the product takes `zod/mini` by name. What only the small one
 * has still comes from there.
 */
const wholeZod: Plugin = {
  name: 'whole-zod',
  setup(naive) {
    naive.onResolve({ filter: /^zod\/mini$/ }, ({ path, resolveDir, namespace }) =>
      namespace === 'whole-zod' ? undefined : { path, namespace: 'whole-zod', pluginData: resolveDir },
    );
    naive.onLoad({ filter: /.*/, namespace: 'whole-zod' }, ({ pluginData }) => ({
      contents: reexports(Object.keys(mini), new Set(Object.keys(z))),
      resolveDir: String(pluginData),
    }));
  },
};

/** Exported by number first, because names such as `enum` are no names of variables. */
function reexports(names: readonly string[], whole: ReadonlySet<string>): string {
  return [
    "import { z } from 'zod';",
    "import * as mini from 'zod/mini';",
    ...names.map((name, index) => `const v${index} = ${whole.has(name) ? 'z' : 'mini'}.${name};`),
    `export { ${names.map((name, index) => `v${index} as ${name}`).join(', ')} };`,
  ].join('\n');
}

/** Leaves out what the token function does while it starts; CommonJS could not wait for it, either. */
const nothingEarly: Plugin = {
  name: 'nothing-early',
  setup(naive) {
    naive.onLoad({ filter: /\/functions\/token\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const contents = text.replace('await warmUp(connectionsTable);', '');
      if (contents === text) throw new Error('The token function warms nothing up any more.');
      return { contents, loader: 'ts' };
    });
  },
};
