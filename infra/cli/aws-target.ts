/** The stack on AWS, as the outputs of its deployment name it. */
import { z } from 'zod';
import { createPlatformHttp } from '../../lib/platform-http/platform-http.ts';
import { createRegistry } from '../../lib/providers/registry.ts';
import { openTable } from '../../lib/table/table.ts';
import { createClients } from './aws-clients.ts';
import type { Io } from './io.ts';
import { createOperator } from './operator.ts';
import type { Target } from './target.ts';

const stackOutputs = z.object({
  ApiUrl: z.url(),
  ConnectionsTable: z.string(),
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
      secrets: clients.secrets,
      kms: clients.kms,
      names: {
        vaultKeyId: found.VaultKeyId,
        stateSecretId: found.StateSecretId,
        sessionKeySecretId: found.SessionKeySecretId,
        appSecretPrefix: found.AppSecretPrefix,
      },
      registry: createRegistry({}),
      http: createPlatformHttp({ fetch: io.fetch, insecureOrigins: [] }),
      insecureOrigins: [],
      now: io.now,
    }),
    close: () => clients.close(),
  };
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
