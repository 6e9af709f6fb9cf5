/**
 * Bundles each function into a self-contained folder for Lambda: one file for the cold start, and a chunk for each
 * `import()`. `cdk.json` runs it before every synthesis; the stack deploys each folder unchanged.
 */
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { BuildOptions } from 'esbuild';
import type { FunctionName } from '../lib/config.ts';
import { bundleEntries, type EntryBundle } from './bundle/bundle-entries.ts';
import { lambdaOnly } from './bundle/lambda-only.ts';
import { openApiAtBuildTime } from './bundle/open-api-plugin.ts';
import { functions } from './topology.ts';

export interface BundleOptions {
  /** The folder for the bundles; it is emptied first. */
  readonly outputFolder: string;
}

export type BundleReport = Readonly<Record<FunctionName, EntryBundle>>;

const root = resolve(import.meta.dirname, '..');

/** The folder from which the stack deploys the functions. */
export const bundlesFolder = join(root, '.build', 'functions');

/** The esbuild options for Lambda, which the bundles of the benchmark share. */
export const bundling = {
  bundle: true,
  minify: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  // Prefer ES modules, which esbuild can tree-shake: the bundles are half the size.
  mainFields: ['module', 'main'],
  sourcemap: true,
  // Stack traces need the map, not a second copy of every source.
  sourcesContent: false,
  plugins: [lambdaOnly, openApiAtBuildTime],
  logLevel: 'warning',
} satisfies BuildOptions;

/** Bundles every function of the topology to `<outputFolder>/<name>/index.mjs`, with its source map and its chunks beside it. */
export async function bundleFunctions({ outputFolder }: BundleOptions): Promise<BundleReport> {
  const names = Object.keys(functions) as FunctionName[];
  await rm(outputFolder, { recursive: true, force: true });
  const entries = Object.fromEntries(names.map((name) => [name, `functions/${name}.ts`]));
  return (await bundleEntries({ entries, outputFolder, root, bundling })) as BundleReport;
}

if (import.meta.main) {
  const report = await bundleFunctions({ outputFolder: bundlesFolder });
  for (const [name, { bytes, lazy }] of Object.entries(report)) {
    const chunks = lazy.length === 0 ? '' : `, and ${lazy.length} chunks`;
    process.stdout.write(`${name.padEnd(12)} ${(bytes / 1000).toFixed(0).padStart(4)} kB${chunks}\n`);
  }
}
