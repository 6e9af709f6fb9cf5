/**
 * A warm read of a token: one call to AWS, and little more CPU time than that call takes by itself. Each handler runs
 * in a process of its own, AWS in a third; the two take turns.
 */
import * as z from 'zod';
import { functions } from '../../infra/topology.ts';
import { startBenchAws } from './bench-aws.ts';
import { type Child, startChild } from './child.ts';
import { contenderBundles } from './contender-bundles.ts';
import { nodeOptionsFor } from './function-environment.ts';
import { medianOf, medianRatio, takeTurns } from './rounds.ts';
import { atMost, type BenchGroup, exactly, shown } from './row.ts';

/** Short rounds and many, after enough requests for the engine to have compiled what is hot. */
const rounds = { rounds: 60, warmUpRounds: 20 };
const requests = 150;
const ran = z.object({ cpuMicroseconds: z.number() });

/** Measures in about twenty seconds. */
export const warmRead: BenchGroup = {
  name: 'warm token read',
  async measure() {
    const aws = await startBenchAws();
    const bundles = await contenderBundles();
    const environment = aws.tokenEnvironment;
    const start = (bundle: string) =>
      startChild({
        file: new URL('./handler-process.ts', import.meta.url),
        args: [bundle],
        nodeOptions: nodeOptionsFor(functions.token.memoryMb),
        environment,
      });
    const token = start(bundles.functions.token.file);
    const floor = start(bundles.getItem);
    try {
      await run(token, aws.seed.event, 1);
      await aws.countCalls();
      await run(token, aws.seed.event, requests);
      const calls = (await aws.countCalls()) / requests;

      const cpu = await takeTurns(
        {
          token: () => run(token, aws.seed.event, requests),
          floor: () => run(floor, aws.seed.item, requests),
        },
        rounds,
      );
      const unit = 'µs';
      return {
        rows: [
          exactly({ name: 'AWS calls of a warm token read', value: calls, unit: 'calls' }, 1),
          atMost(
            {
              name: 'CPU time of a warm token read, in times of the GetItem alone',
              value: medianRatio(cpu.token, cpu.floor),
              unit: '×',
            },
            1.25,
          ),
          shown({ name: '… of the token function', value: medianOf(cpu.token), unit }),
          shown({ name: '… of the GetItem alone', value: medianOf(cpu.floor), unit }),
        ],
      };
    } finally {
      await Promise.all([token.stop(), floor.stop()]);
      await aws.close();
    }
  },
};

/** Microseconds of CPU time per request. */
async function run(child: Child, event: unknown, times: number): Promise<number> {
  return ran.parse(await child.ask({ event, requests: times })).cpuMicroseconds;
}
