/** Chooses where a command acts: a stack on AWS or the one that runs on this machine. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Given } from '../commands/command.ts';
import type { Io } from '../terminal/io.ts';
import { openAwsTarget } from './aws-target.ts';
import { openLocalTarget } from './local-target.ts';
import type { Target } from './target.ts';

/** Written by `npm run deploy`. */
const outputsFile = '.hawser/outputs.json';
/** Written by `npm start`, and removed when it ends. */
const endpointsFile = '.local/endpoints.json';

/** @throws Error saying what to do when there is nothing to act on. */
export async function chooseTarget(given: Given, io: Io): Promise<Target> {
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
