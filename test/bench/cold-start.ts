/**
 * A cold start of the token function as a caller feels it: init and first request, under Lambda's own runtime client,
 * beside the same function bundled by somebody who changed no setting. Lambda does not throttle an init but does throttle
 * requests, so the CPU share of the function's memory is taken away from the instance when it asks for its first event.
 */
import { functions } from '../../infra/topology.ts';
import { startBenchAws } from './bench-aws.ts';
import { contenderBundles, naiveTokenBundle } from './contender-bundles.ts';
import { openCpuShare } from './cpu-share.ts';
import { megabytesOfOneCpu, openStart } from './measured-start.ts';
import { medianRatio, takeTurns } from './rounds.ts';
import { atMost, type BenchGroup, shown } from './row.ts';
import { prepareRuntimeClient } from './runtime-client.ts';

const rounds = { rounds: 15, warmUpRounds: 1 };

/** Measures in about twenty seconds, after the runtime client is built. */
export const coldStart: BenchGroup = {
  name: 'cold start',
  async measure() {
    const client = await prepareRuntimeClient();
    if (client.kind === 'not_built') {
      return {
        rows: [],
        notes: [`Cold start skipped: aws-lambda-ric could not be built (${client.reason}).`],
      };
    }
    const { memoryMb } = functions.token;
    const fraction = memoryMb / megabytesOfOneCpu;
    const aws = await startBenchAws();
    const share = await openCpuShare(fraction);
    try {
      const shared = { name: 'token' as const, runtimeClient: client.file, event: aws.seed.event, share };
      const { NODE_OPTIONS: _, ...plain } = aws.tokenEnvironment;
      const token = (await contenderBundles()).functions.token.file;
      const ours = openStart({ ...shared, bundle: token, environment: aws.tokenEnvironment });
      const naive = openStart({ ...shared, bundle: await naiveTokenBundle(), environment: plain });
      const sums = await takeTurns({ ours: ours.sum, naive: naive.sum }, rounds);
      const unit = 'ms';
      return {
        rows: [
          atMost(
            {
              name: `Init and first request of the token function at ${memoryMb} MB, in times of a naive bundle's`,
              value: medianRatio(sums.ours, sums.naive),
              unit: '×',
            },
            0.7,
          ),
          shown({ name: '… its init', value: ours.median('init', rounds.rounds), unit }),
          shown({ name: '… its first request', value: ours.median('first', rounds.rounds), unit }),
          shown({ name: '… the init of the naive one', value: naive.median('init', rounds.rounds), unit }),
          shown({
            name: '… the first request of the naive one',
            value: naive.median('first', rounds.rounds),
            unit,
          }),
        ],
        notes: [
          share
            ? `Cold start: the init has a whole CPU, the first request ${fraction.toFixed(2)} of one, as on Lambda.`
            : 'Cold start: this machine lets nobody set CPU shares, so the first request had a whole CPU too.',
        ],
      };
    } finally {
      await aws.close();
      await share?.close();
    }
  },
};
