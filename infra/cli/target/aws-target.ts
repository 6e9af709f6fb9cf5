/** The stack on AWS, as the outputs of its deployment name it. */
import { z } from 'zod';
import type { QueueUrls } from '../../../lib/admin/deps.ts';
import { createOperator } from '../../../lib/admin/operator.ts';
import { createPlatformHttp } from '../../../lib/platform-http/platform-http.ts';
import { builtIn } from '../../../lib/platforms/built-in.ts';
import { createProviders } from '../../../lib/providers/providers.ts';
import { openTable } from '../../../lib/table/table.ts';
import { queueNames, queueOutputs } from '../../topology.ts';
import type { Io } from '../terminal/io.ts';
import { createClients } from './aws-clients.ts';
import type { Target } from './target.ts';

const stackOutputs = z.looseObject({
  ApiUrl: z.url(),
  ConnectionsTable: z.string(),
  ActivityTable: z.string(),
  VaultKeyId: z.string(),
  StateSecretId: z.string(),
  SessionKeySecretId: z.string(),
  AppSecretPrefix: z.string(),
  Region: z.string(),
});
const outputsFile = z.record(z.string(), z.unknown());

/** @throws Error when the file names no stack, or several and none was chosen. */
export function openAwsTarget(outputs: unknown, wanted: string | undefined, io: Io): Target {
  const [name, found] = chooseStack(outputs, wanted);
  const clients = createClients({ region: found.Region });
  return {
    name: `AWS, stack ${name} in ${found.Region}`,
    apiUrl: found.ApiUrl.replace(/\/$/, ''),
    operator: createOperator({
      connections: openTable(clients.dynamoDb, found.ConnectionsTable),
      activity: openTable(clients.dynamoDb, found.ActivityTable),
      secrets: clients.secrets,
      kms: clients.kms,
      sqs: clients.sqs,
      queueUrls: queueUrlsIn(found),
      names: {
        vaultKeyId: found.VaultKeyId,
        stateSecretId: found.StateSecretId,
        sessionKeySecretId: found.SessionKeySecretId,
        appSecretPrefix: found.AppSecretPrefix,
      },
      providers: createProviders({ builtIn }),
      http: createPlatformHttp({ fetch: io.fetch, insecureOrigins: [] }),
      insecureOrigins: [],
      now: io.now,
    }),
    close: () => clients.close(),
  };
}

/** @throws Error when the stack was deployed before it had all of today's queues. */
function queueUrlsIn(found: Readonly<Record<string, unknown>>): QueueUrls {
  const entries = queueNames.map((name) => {
    const outputs = queueOutputs(name);
    const [queue, deadLetters] = [found[outputs.queue], found[outputs.deadLetters]];
    if (typeof queue !== 'string' || typeof deadLetters !== 'string') {
      throw new Error(`The outputs name no queue ${name}. Run \`npm run deploy\` again.`);
    }
    return [name, { queue, deadLetters }];
  });
  return Object.fromEntries(entries) as QueueUrls;
}

function chooseStack(
  outputs: unknown,
  wanted: string | undefined,
): readonly [string, z.output<typeof stackOutputs>] {
  const stacks = Object.entries(outputsFile.safeParse(outputs).data ?? {}).flatMap(([name, values]) => {
    const parsed = stackOutputs.safeParse(values);
    return parsed.success && (wanted ?? name) === name ? [[name, parsed.data] as const] : [];
  });
  const [only, ...others] = stacks;
  if (only === undefined) {
    throw new Error('The outputs name no stack of Hawser by this name. Run `npm run deploy` again.');
  }
  if (others.length > 0) {
    throw new Error(`Choose a stack with --stack: ${stacks.map(([name]) => name).join(', ')}.`);
  }
  return only;
}
