/**
 * What grows with the catalogue: nothing. A sweep's read units, and the starts of two functions, with 2, 200 and 2,000
 * providers known. The catalogue's entries lie as data files beside the functions' bundles.
 */
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { accessKeyIdOf } from '../../infra/local/stack/function-grants.ts';
import { functions } from '../../infra/topology.ts';
import { type BenchAws, startBenchAws } from './bench-aws.ts';
import { benchFolder } from './bench-folder.ts';
import { contenderBundles } from './contender-bundles.ts';
import { type CpuShare, openCpuShare } from './cpu-share.ts';
import { environmentFor } from './function-environment.ts';
import { megabytesOfOneCpu, openStart, type Start } from './measured-start.ts';
import { medianRatio, takeTurns } from './rounds.ts';
import { type BenchGroup, type BenchRow, shown, within } from './row.ts';
import { prepareRuntimeClient } from './runtime-client.ts';
import { sweepUnitsWith } from './sweep-catalogue.ts';

const known = [2, 200, 2_000] as const;
const measuredFunctions = ['token', 'connect'] as const;
type Measured = (typeof measuredFunctions)[number];
const rounds = { rounds: 25, warmUpRounds: 1 };
const tolerance = 0.03;

/** Measures in about two minutes, after the runtime client is built. */
export const catalogue: BenchGroup = {
  name: 'catalogue',
  async measure() {
    const [few, ...more] = await Promise.all(known.map(sweepUnitsWith));
    const sweepRows = more.map((units, index) =>
      within(
        {
          name: `Read units of a sweep with ${known[index + 1]} providers known, in times of those with ${known[0]}`,
          value: units / (few ?? Number.NaN),
          unit: '×',
        },
        1,
        tolerance,
      ),
    );
    const client = await prepareRuntimeClient();
    if (client.kind === 'not_built') {
      return {
        rows: sweepRows,
        notes: [`Starts skipped: aws-lambda-ric could not be built (${client.reason}).`],
      };
    }
    const aws = await startBenchAws();
    const share = await openCpuShare(functions.token.memoryMb / megabytesOfOneCpu);
    try {
      const rows: BenchRow[] = [];
      for (const name of measuredFunctions) {
        rows.push(...(await startRows(name, { runtimeClient: client.file, share, aws })));
      }
      return { rows: [...sweepRows, ...rows] };
    } finally {
      await aws.close();
      await share?.close();
    }
  },
};

interface ConnectionIdentity {
  readonly runtimeClient: string;
  readonly share: CpuShare | undefined;
  readonly aws: BenchAws;
}

async function startRows(
  name: Measured,
  { aws, ...place }: ConnectionIdentity,
): Promise<readonly BenchRow[]> {
  const shared = { name, ...place, ...requestOf(name, aws) };
  const starts = await Promise.all(
    known.map(async (count): Promise<[string, () => Promise<number>]> => {
      const start = openStart({ ...shared, bundle: await bundleWith(name, count) });
      return [String(count), start.sum];
    }),
  );
  const times: Readonly<Record<string, readonly number[]>> = await takeTurns(
    Object.fromEntries(starts),
    rounds,
  );
  const of = (count: number) => times[String(count)] ?? [];
  return [
    shown({
      name: `Init and first request of ${name} with ${known[0]} providers known`,
      value: medianRatio(
        of(known[0]),
        of(known[0]).map(() => 1),
      ),
      unit: 'ms',
    }),
    ...known.slice(1).map((count) =>
      within(
        {
          name: `… with ${count}, in times of that`,
          value: medianRatio(of(count), of(known[0])),
          unit: '×',
        },
        1,
        tolerance,
      ),
    ),
  ];
}

/** A copy of the function's folder with so many entries of a catalogue beside it. */
async function bundleWith(name: Measured, count: number): Promise<string> {
  const { file } = (await contenderBundles()).functions[name];
  const folder = join(benchFolder, 'catalogue', String(count), name);
  await rm(folder, { recursive: true, force: true });
  await cp(dirname(file), folder, { recursive: true });
  await mkdir(join(folder, 'catalogue'));
  for (let entry = 0; entry < count; entry += 1) {
    const id = `provider-${String(entry).padStart(4, '0')}`;
    await writeFile(
      join(folder, 'catalogue', `${id}.json`),
      JSON.stringify({ id, name: id, auth: 'oauth2', endpoints: { token: `https://${id}.example/token` } }),
    );
  }
  return join(folder, basename(file));
}

/** The first request: a token that is good, and a flow for a tenant that the bench has not made, which is refused. */
function requestOf(
  name: Measured,
  { seed, tokenEnvironment }: BenchAws,
): Pick<Start, 'event' | 'environment' | 'status'> {
  if (name === 'token') return { event: seed.event, environment: tokenEnvironment };
  const path = '/integrations/connect/tiktok';
  const { requestContext } = seed.event;
  return {
    environment: {
      ...tokenEnvironment,
      ...environmentFor(name),
      AWS_REGION: tokenEnvironment['AWS_REGION'] ?? '',
      AWS_ACCESS_KEY_ID: accessKeyIdOf(name),
    },
    event: {
      ...seed.event,
      routeKey: 'POST /integrations/connect/{provider}',
      rawPath: path,
      rawQueryString: '',
      pathParameters: { provider: 'tiktok' },
      headers: { ...seed.event.headers, 'content-type': 'application/json' },
      requestContext: { ...requestContext, http: { ...requestContext.http, method: 'POST', path } },
      body: JSON.stringify({ userId: 'user-4711', returnUrl: 'https://app.example/connected' }),
    },
    status: 410,
  };
}
