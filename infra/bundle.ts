/**
 * Makes of each function one self-contained file for Lambda, in one esbuild run. `cdk.json` runs it before every
 * synthesis, and the stack takes each folder as it is.
 */
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import type { FunctionName } from '../lib/config.ts';
import { lambdaOnly } from './bundle/lambda-only.ts';
import { openApiAtBuildTime } from './bundle/open-api-plugin.ts';
import { functions } from './topology.ts';

export interface BundleOptions {
  /** Where the folders of the functions go; emptied first. */
  readonly outputFolder: string;
}

export interface FunctionBundle {
  readonly file: string;
  readonly bytes: number;
  /** The files that ended up in it, from the project's root. */
  readonly sources: readonly string[];
}

export type BundleReport = Readonly<Record<FunctionName, FunctionBundle>>;

const root = resolve(import.meta.dirname, '..');

/** Where the stack looks for the functions. */
export const bundlesFolder = join(root, '.build', 'functions');

/** How everything for Lambda is built; what is measured beside it is built alike. */
export const bundling = {
  bundle: true,
  minify: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  // ES modules first: they shake, CommonJS does not. Half the size.
  mainFields: ['module', 'main'],
  sourcemap: true,
  // Stack traces need the map, not a second copy of every source.
  sourcesContent: false,
  plugins: [lambdaOnly, openApiAtBuildTime],
  logLevel: 'warning',
} satisfies BuildOptions;

/** Bundles every function of the topology to `<outputFolder>/<name>/index.mjs`, with its source map beside it. */
export async function bundleFunctions({ outputFolder }: BundleOptions): Promise<BundleReport> {
  const names = Object.keys(functions) as FunctionName[];
  await rm(outputFolder, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: names.map((name) => ({ in: `functions/${name}.ts`, out: `${name}/index` })),
    outdir: outputFolder,
    outExtension: { '.js': '.mjs' },
    ...bundling,
    metafile: true,
  });
  return Object.fromEntries(
    names.map((name) => [name, describe(metafile, join(outputFolder, name, 'index.mjs'))]),
  ) as BundleReport;
}

function describe(metafile: Metafile, file: string): FunctionBundle {
  const [, output] = Object.entries(metafile.outputs).find(([path]) => resolve(root, path) === file) ?? [];
  if (!output) throw new Error(`The build was expected to write ${file}.`);
  return { file, bytes: output.bytes, sources: Object.keys(output.inputs) };
}

if (import.meta.main) {
  const report = await bundleFunctions({ outputFolder: bundlesFolder });
  for (const [name, { bytes }] of Object.entries(report)) {
    process.stdout.write(`${name.padEnd(12)} ${(bytes / 1000).toFixed(0).padStart(4)} kB\n`);
  }
}
