/** Chooses where a command acts: a stack on AWS or the one that runs on this machine. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Io } from '../terminal/io.ts';
import { openAwsTarget } from './aws-target.ts';
import { openLocalTarget } from './local-target.ts';
import type { Target } from './target.ts';

/** `npm run deploy` writes it. */
const outputsFile = '.hawser/outputs.json';
/** `npm start` writes it, and removes it when it ends. */
const endpointsFile = '.local/endpoints.json';

/** The options that choose. */
export interface TargetOptions {
  readonly local?: boolean | undefined;
  readonly outputs?: string | undefined;
  readonly stack?: string | undefined;
}

/** @throws Error saying what to do when there is nothing to act on. */
export async function chooseTarget(given: TargetOptions, io: Io): Promise<Target> {
  const outputs = resolve(io.folder, given.outputs ?? outputsFile);
  const endpoints = resolve(io.folder, endpointsFile);
  if (given.local) {
    if (!existsSync(endpoints)) throw new Error('The local stack does not run. Start it with `npm start`.');
    return openLocalTarget(readJson(endpoints), io);
  }
  if (existsSync(outputs)) return openAwsTarget(readJson(outputs), given.stack, io);
  if (given.outputs !== undefined) throw new Error('The file that --outputs names does not exist.');
  if (given.stack === undefined && existsSync(endpoints)) return openLocalTarget(readJson(endpoints), io);
  throw new Error(
    `There is nothing to act on. Deploy to AWS with \`npm run deploy\`, which writes ${outputsFile}, or start the local stack with \`npm start\`.`,
  );
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
