/**
 * The product's own sweep, worker and reader over tables, platforms and a time that the bench chooses, put together as
 * `lib/api/compose.ts` does for a function. Each worker and each reader is a function instance of its own.
 */
import { messagesIn, openQueue } from '../../lib/aws/queue.ts';
import { createSecretSource } from '../../lib/aws/secret-source.ts';
import { createConnectionStore } from '../../lib/connections/connection-store.ts';
import { createLeaseStore } from '../../lib/connections/lease-store.ts';
import { createRevocationReceipts } from '../../lib/connections/revocation-receipts.ts';
import type { ContextId } from '../../lib/ids.ts';
import { parseReference } from '../../lib/integrations/connection-reference.ts';
import type { SweepParts } from '../../lib/integrations/sweep-due.ts';
import { createThrottle } from '../../lib/integrations/throttle.ts';
import { type Worked, type WorkParts, workConnection } from '../../lib/integrations/work-connection.ts';
import { createRegistry } from '../../lib/providers/registry.ts';
import type { Table } from '../../lib/table/table.ts';
import { createLog } from '../../lib/telemetry/log.ts';
import { createCount } from '../../lib/telemetry/metrics.ts';
import { createJobStore } from '../../lib/tenants/job.ts';
import { createPauseStore } from '../../lib/tenants/paused-providers.ts';
import { createProviderAppStore } from '../../lib/tenants/provider-app.ts';
import { openVault } from '../../lib/vault/vault.ts';
import { openMemoryAws } from './refresh-memory-aws.ts';
import type { Platforms } from './refresh-platforms.ts';

/** Whose calls of the tables are counted together. */
export type Role = 'setting up' | 'sweep' | 'worker' | 'reader';

export interface WorldOptions {
  readonly tables: (role: Role) => { readonly precious: Table; readonly activity: Table };
  readonly platforms: Platforms;
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly random: () => number;
}

export type World = Awaited<ReturnType<typeof openWorld>>;
export type Worker = ReturnType<World['newWorker']>;

export const refreshQueue = 'https://sqs.us-east-1.amazonaws.com/000000000000/refresh';
export const eventsQueue = 'https://sqs.us-east-1.amazonaws.com/000000000000/events';
const rescueQueue = 'https://sqs.us-east-1.amazonaws.com/000000000000/rescue';
const jobsQueue = 'https://sqs.us-east-1.amazonaws.com/000000000000/jobs';
const clientId = 'hawser';

/** Registers an app at each provider and is then ready to work. */
export async function openWorld({ tables, platforms, now, sleep, random }: WorldOptions) {
  const aws = openMemoryAws({ clientId, clientSecret: 's4ndb0x-client-secret' });
  const registry = createRegistry();
  let logged = 0;
  const write = (line: string) => {
    logged += Buffer.byteLength(line) + 1;
  };
  const log = createLog('bench', now, write);

  function partsOf(role: Role): WorkParts {
    const { precious, activity } = tables(role);
    return {
      connections: createConnectionStore(precious),
      leases: createLeaseStore(activity, now),
      receipts: createRevocationReceipts(activity, now),
      events: openQueue(aws.sqs, eventsQueue),
      rescue: openQueue(aws.sqs, rescueQueue),
      flights: new Map(),
      apps: createProviderAppStore(precious),
      vault: openVault({ kms: aws.kms, table: precious, keyId: 'alias/bench', now }),
      registry,
      secrets: createSecretSource(aws.secrets, now),
      http: platforms.http(role),
      now,
      sleep,
      random,
      log,
      count: createCount(now, write),
      refreshAll: false,
    };
  }

  const setUp = partsOf('setting up');
  for (const { id } of registry.all) {
    await setUp.apps.save({
      context: id as string as ContextId,
      provider: id,
      clientId,
      secretId: `hawser/apps/${id}`,
      settings: { userAgent: 'web:bench:1.0 (by /u/bench)' },
      server: {
        issuer: 'https://login.example',
        issuerInResponse: false,
        endpoints: {
          authorization: 'https://login.example/authorize',
          token: 'https://login.example/token',
          profile: 'https://login.example/me',
        },
      },
    });
  }
  const { precious } = tables('sweep');
  const sweep: SweepParts = {
    connections: createConnectionStore(precious),
    registry,
    pauses: createPauseStore(precious),
    queue: openQueue(aws.sqs, refreshQueue),
    backlog: () => messagesIn(aws.sqs, refreshQueue),
    now,
    log,
  };

  return {
    aws,
    registry,
    setUp,
    sweep,
    /** What else `refresh-due` does each minute. */
    resume: { jobs: createJobStore(precious, now), queue: openQueue(aws.sqs, jobsQueue) },
    newReader: () => partsOf('reader'),

    /** Works one message of the refresh queue, as `functions/refresh-connection.ts` does. */
    newWorker(observe: (worked: Worked) => void = () => undefined) {
      const parts = partsOf('worker');
      const throttle = createThrottle(registry, now);
      return async (message: string): Promise<void> => {
        const reference = parseReference(JSON.parse(message));
        await throttle(reference.provider, async () => {
          const worked = await workConnection(parts, reference);
          observe(worked);
          return worked;
        });
      };
    },

    /** Bytes of log and metrics so far. */
    loggedBytes: () => logged,
  };
}
