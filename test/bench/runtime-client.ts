/**
 * Lambda's own runtime client for Node, to measure with what runs there. It brings C++ sources that it compiles when it
 * is installed, so it is no dependency: it is built once, into an ignored folder, where a machine can.
 */
import { execFile } from 'node:child_process';
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runtimeClientFolder } from './bench-folder.ts';

export type RuntimeClient =
  | { readonly kind: 'built'; readonly file: string }
  | { readonly kind: 'not_built'; readonly reason: string };

const run = promisify(execFile);
const version = '4.0.2';
/** What its install scripts call. */
const tools = ['cmake', 'g++', 'make', 'xz'];
const longestBuildMilliseconds = 240_000;

/** The client; building it takes the better part of a minute, the first time. */
export async function prepareRuntimeClient(): Promise<RuntimeClient> {
  const folder = join(runtimeClientFolder, 'node_modules', 'aws-lambda-ric');
  const built = { kind: 'built', file: join(folder, 'index.mjs') } as const;
  if (await exists(join(folder, 'rapid-client.node'))) return built;
  if (process.platform !== 'linux') return notBuilt('it builds on Linux only');
  for (const tool of tools) {
    if (!(await works(tool))) return notBuilt(`it needs ${tool}, which is not here`);
  }
  try {
    await mkdir(runtimeClientFolder, { recursive: true });
    await run(
      'npm',
      ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', '.', `aws-lambda-ric@${version}`],
      { cwd: runtimeClientFolder, timeout: longestBuildMilliseconds },
    );
  } catch {
    return notBuilt('npm could not install it');
  }
  return (await exists(join(folder, 'rapid-client.node'))) ? built : notBuilt('its build left nothing');
}

function notBuilt(reason: string): RuntimeClient {
  return { kind: 'not_built', reason };
}

async function works(tool: string): Promise<boolean> {
  try {
    await run(tool, ['--version'], { timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}
