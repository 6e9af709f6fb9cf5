/**
 * What each function weighs at a cold start: the size of its bundle, and how long its import takes beside a function
 * that does nothing and one that has only the DynamoDB client.
 */
import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { FunctionName } from '../../lib/config.ts';
import { contenderBundles } from './contender-bundles.ts';
import { environmentFor } from './function-environment.ts';
import { medianOf, medianRatio, takeTurns } from './rounds.ts';
import { atMost, type BenchGroup, shown } from './row.ts';

const run = promisify(execFile);
const rounds = { rounds: 11, warmUpRounds: 1 };
const script = `const began = performance.now();
await import(process.argv[1]);
process.stdout.write(String(performance.now() - began));`;

/** Measures in about twenty seconds. */
export const bundles: BenchGroup = {
  name: 'bundles',
  async measure() {
    const { functions, empty, getItem } = await contenderBundles();
    const names = Object.keys(functions) as FunctionName[];
    const times: Readonly<Record<string, readonly number[]>> = await takeTurns(
      {
        ...Object.fromEntries(
          names.map((name) => [name, () => importTime(functions[name].file, environmentFor(name))]),
        ),
        ' empty': () => importTime(empty, environmentFor('health')),
        ' client': () => importTime(getItem, environmentFor('health')),
      },
      rounds,
    );
    const of = (name: string) => times[name] ?? [];
    const inTimes = (name: string, other: string) => ({
      value: medianRatio(of(name), of(other)),
      unit: '×',
    });
    return {
      rows: [
        ...names.map((name) =>
          atMost({ name: `Bundle of ${name}`, value: functions[name].bytes / 1000, unit: 'kB' }, 420),
        ),
        shown({ name: 'Import of an empty function', value: medianOf(of(' empty')), unit: 'ms' }),
        shown({
          name: '… of the DynamoDB client alone, in times of an empty function',
          ...inTimes(' client', ' empty'),
        }),
        ...names.flatMap((name) => [
          shown({ name: `… of ${name}, in times of an empty function`, ...inTimes(name, ' empty') }),
          shown({ name: `… of ${name}, in times of the DynamoDB client`, ...inTimes(name, ' client') }),
        ]),
      ],
    };
  },
};

/** Milliseconds that a new process takes to import a bundle. */
async function importTime(file: string, environment: Readonly<Record<string, string>>): Promise<number> {
  const { stdout } = await run(
    process.execPath,
    ['--input-type=module', '--eval', script, pathToFileURL(file).href],
    { env: environment, timeout: 30_000 },
  );
  return Number(stdout);
}
