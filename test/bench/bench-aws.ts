/** The bench's AWS, seen from the parent's side: where it is, what was put there, and how often it was called. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { accessKeyIdOf } from '../../infra/local/stack/function-grants.ts';
import { benchFolder } from './bench-folder.ts';
import { startChild } from './child.ts';
import { environmentFor } from './function-environment.ts';
import type { Seed } from './seed.ts';

export interface BenchAws {
  readonly seed: Seed;
  /** The token function's environment against it, as its stack would set it. */
  readonly tokenEnvironment: Readonly<Record<string, string>>;
  /** How many calls have come since this was last asked. */
  countCalls(): Promise<number>;
  close(): Promise<void>;
}

const placeAnswer = z.object({
  url: z.string(),
  certificate: z.string(),
  region: z.string(),
  seed: z.custom<Seed>((value) => typeof value === 'object' && value !== null && 'event' in value),
});
const callsAnswer = z.object({ calls: z.array(z.object({ count: z.number() })) });

export async function startBenchAws(): Promise<BenchAws> {
  const child = startChild({ file: new URL('./aws-process.ts', import.meta.url), environment: {} });
  const place = placeAnswer.parse(await child.ask({ about: 'place' }));
  const certificateFile = join(benchFolder, 'certificate.pem');
  await mkdir(benchFolder, { recursive: true });
  await writeFile(certificateFile, place.certificate);
  return {
    seed: place.seed,
    tokenEnvironment: {
      ...environmentFor('token'),
      AWS_ENDPOINT_URL: place.url,
      AWS_REGION: place.region,
      AWS_ACCESS_KEY_ID: accessKeyIdOf('token'),
      AWS_SECRET_ACCESS_KEY: 's4ndb0x',
      AWS_SESSION_TOKEN: 's4ndb0x',
      NODE_EXTRA_CA_CERTS: certificateFile,
    },
    async countCalls() {
      const { calls } = callsAnswer.parse(await child.ask({ about: 'calls' }));
      return calls.reduce((sum, { count }) => sum + count, 0);
    },
    close: () => child.stop(),
  };
}
