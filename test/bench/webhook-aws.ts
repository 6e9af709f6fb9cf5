/** The webhook benches' AWS, seen from the parent's side: where it is, what was called, what lies in its queues. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { accessKeyIdOf } from '../../infra/local/stack/function-grants.ts';
import { type FunctionName, variableOf } from '../../lib/config.ts';
import { benchFolder } from './bench-folder.ts';
import { startChild } from './child.ts';
import { environmentFor } from './function-environment.ts';

export interface WebhookAws {
  readonly incomingQueueUrl: string;
  /** A function's environment against it, as its stack would set it. */
  environmentOf(functionName: FunctionName): Record<string, string>;
  /** Calls by action since this was last asked. */
  countCalls(): Promise<Readonly<Record<string, number>>>;
  /** Takes everything out of a queue. */
  take(queue: 'incoming' | 'events'): Promise<readonly string[]>;
  /** Empties all queues. */
  purge(): Promise<void>;
  close(): Promise<void>;
}

const queueUrl = z.object({ queue: z.string() });
const place = z.object({
  url: z.string(),
  certificate: z.string(),
  region: z.string(),
  queueUrls: z.object({ incoming: queueUrl, events: queueUrl, refresh: queueUrl }),
});
const called = z.object({ calls: z.array(z.object({ action: z.string(), count: z.number() })) });
const taken = z.object({ bodies: z.array(z.string()) });

export async function startWebhookAws(): Promise<WebhookAws> {
  const child = startChild({ file: new URL('./webhook-aws-process.ts', import.meta.url), environment: {} });
  const at = place.parse(await child.ask({ about: 'place' }));
  const certificateFile = join(benchFolder, 'webhook-certificate.pem');
  await mkdir(benchFolder, { recursive: true });
  await writeFile(certificateFile, at.certificate);
  const { incoming, events, refresh } = at.queueUrls;
  return {
    incomingQueueUrl: incoming.queue,
    environmentOf: (functionName) => ({
      ...environmentFor(functionName),
      [variableOf('incomingQueueUrl')]: incoming.queue,
      [variableOf('eventsQueueUrl')]: events.queue,
      [variableOf('refreshQueueUrl')]: refresh.queue,
      [variableOf('appSecretPrefix')]: 'hawser/apps/',
      AWS_ENDPOINT_URL: at.url,
      AWS_REGION: at.region,
      AWS_ACCESS_KEY_ID: accessKeyIdOf(functionName),
      AWS_SECRET_ACCESS_KEY: 's4ndb0x',
      AWS_SESSION_TOKEN: 's4ndb0x',
      NODE_EXTRA_CA_CERTS: certificateFile,
    }),
    async countCalls() {
      const { calls } = called.parse(await child.ask({ about: 'calls' }));
      return Object.fromEntries(calls.map(({ action, count }) => [action, count]));
    },
    take: async (queue) => taken.parse(await child.ask({ about: 'take', queue })).bodies,
    purge: async () => void (await child.ask({ about: 'purge' })),
    close: () => child.stop(),
  };
}
