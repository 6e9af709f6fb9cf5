/** The stack that runs on this machine, as its endpoints file names it. */
import { z } from 'zod';
import { createOperator } from '../../../lib/admin/operator.ts';
import { createPlatformHttp } from '../../../lib/platform-http/platform-http.ts';
import { builtIn } from '../../../lib/platforms/built-in.ts';
import { createProviders } from '../../../lib/providers/providers.ts';
import { openTable } from '../../../lib/table/table.ts';
import { localNames, localQueueUrls } from '../../local/stack/provision.ts';
import { appSecretPrefix } from '../../topology.ts';
import type { Io } from '../terminal/io.ts';
import { type ClientOptions, createClients } from './aws-clients.ts';
import type { Target } from './target.ts';

const endpointsFile = z.object({
  apiUrl: z.url(),
  platforms: z.record(z.string(), z.url()),
  /** Of the demo application, which runs on this machine too. */
  returnUrl: z.optional(z.url()),
  aws: z.object({ dynamodb: z.url(), kms: z.url(), secretsmanager: z.url(), sqs: z.url() }),
});
const notRunning = 'The local stack does not run. Start it with `npm start`.';
/** A stack that has ended refuses the connection at once; this limit only catches one that hangs. */
const healthMilliseconds = 15_000;

/** @throws Error when the stack that wrote the file no longer runs. */
export async function openLocalTarget(endpoints: unknown, io: Io): Promise<Target> {
  const found = endpointsFile.safeParse(endpoints).data;
  if (found === undefined || !(await isHealthy(found.apiUrl, io))) throw new Error(notRunning);
  const clients = createClients({ ...identityOf(io.environment), endpoints: found.aws });
  const insecureOrigins = [
    ...Object.values(found.platforms),
    ...(found.returnUrl ? [found.returnUrl] : []),
  ].map((url) => new URL(url).origin);
  return {
    name: `this machine, ${found.apiUrl}`,
    apiUrl: found.apiUrl,
    operator: createOperator({
      connections: openTable(clients.dynamoDb, localNames.connectionsTable),
      activity: openTable(clients.dynamoDb, localNames.activityTable),
      secrets: clients.secrets,
      kms: clients.kms,
      sqs: clients.sqs,
      queueUrls: localQueueUrls(found.aws.sqs),
      names: { ...localNames, appSecretPrefix },
      providers: createProviders({ builtIn }),
      http: createPlatformHttp({ fetch: io.fetch, insecureOrigins }),
      insecureOrigins,
      loopbackReturnUrls: true,
      now: io.now,
    }),
    close: () => clients.close(),
  };
}

async function isHealthy(apiUrl: string, io: Io): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(healthMilliseconds);
    const answer = await io.fetch(`${apiUrl}/health`, { signal });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

/** Endpoints that the environment names to the stack need the environment's credentials; the embedded ones accept any. */
function identityOf(environment: Io['environment']): ClientOptions {
  const foreign = Object.keys(environment).some((name) => name.startsWith('AWS_ENDPOINT_URL_'));
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: session } = environment;
  if (!foreign || id === undefined || secret === undefined) {
    return { region: 'us-east-1', credentials: { accessKeyId: 'operator', secretAccessKey: 'local' } };
  }
  return {
    region: environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'] ?? 'us-east-1',
    credentials: {
      accessKeyId: id,
      secretAccessKey: secret,
      ...(session !== undefined && { sessionToken: session }),
    },
  };
}
