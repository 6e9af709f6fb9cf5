/**
 * The product's own sweep, worker and reader over tables, platforms and a time that the bench chooses, put together as
 * `lib/api/compose.ts` does for a function. Each worker and each reader is a function instance of its own.
 */
import { messagesIn, openQueue } from '../../lib/aws/queue.ts';
import { createSecretSource } from '../../lib/aws/secret-source.ts';
import { createConnectionStore } from '../../lib/connections/connection-store.ts';
import { createLeaseStore } from '../../lib/connections/lease-store.ts';
import { createRevocationReceipts } from '../../lib/connections/revocation-receipts.ts';
import type { AppId } from '../../lib/ids.ts';
import {
  createRefreshWorker,
  type RefreshOutcome,
  type RefreshWorkerDeps,
} from '../../lib/integrations/worker/refresh-worker.ts';
import type { SweepDeps } from '../../lib/integrations/worker/sweep-due.ts';
import { createSweepPositionStore } from '../../lib/integrations/worker/sweep-position.ts';
import { createJobStore } from '../../lib/jobs/job.ts';
import { parseMessage } from '../../lib/messages/parse-message.ts';
import { refreshMessage } from '../../lib/messages/refresh.ts';
import { createPauseStore } from '../../lib/provider-apps/paused-providers.ts';
import { createProviderAppStore } from '../../lib/provider-apps/provider-app.ts';
import type { Table } from '../../lib/table/table.ts';
import { createLog } from '../../lib/telemetry/log.ts';
import { createCount } from '../../lib/telemetry/metrics.ts';
import { openVault } from '../../lib/vault/vault.ts';
import { builtInProviders, providersOf } from '../support/providers.ts';
import { openMemoryAws } from './refresh-memory-aws.ts';
import type { Platforms } from './refresh-platforms.ts';

/** Whose calls of the tables are counted together. */
export type Role = 'setting up' | 'sweep' | 'worker' | 'reader';

export interface LifecycleFixtureOptions {
  readonly tables: (role: Role) => { readonly precious: Table; readonly activity: Table };
  readonly platforms: Platforms;
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly random: () => number;
}

export type LifecycleFixture = Awaited<ReturnType<typeof openLifecycleFixture>>;
export type Worker = ReturnType<LifecycleFixture['newWorker']>;

export const refreshQueue = 'https://sqs.us-east-1.amazonaws.com/000000000000/refresh';
export const eventsQueue = 'https://sqs.us-east-1.amazonaws.com/000000000000/events';
const rescueQueue = 'https://sqs.us-east-1.amazonaws.com/000000000000/rescue';
const jobsQueue = 'https://sqs.us-east-1.amazonaws.com/000000000000/jobs';
const clientId = 'hawser';

/** Registers an app at each provider and is then ready to work. */
export async function openLifecycleFixture({
  tables,
  platforms,
  now,
  sleep,
  random,
}: LifecycleFixtureOptions) {
  const aws = openMemoryAws({ clientId, clientSecret: 's4ndb0x-client-secret' });
  const providers = providersOf();
  let logged = 0;
  const write = (line: string) => {
    logged += Buffer.byteLength(line) + 1;
  };
  const log = createLog('bench', now, write);

  function partsOf(role: Role): RefreshWorkerDeps {
    const { precious, activity } = tables(role);
    return {
      connections: createConnectionStore(precious),
      leases: createLeaseStore(activity, now),
      receipts: createRevocationReceipts(activity, now),
      events: openQueue<unknown>(aws.sqs, eventsQueue),
      rescue: openQueue<unknown>(aws.sqs, rescueQueue),
      inFlightRefreshes: new Map(),
      apps: createProviderAppStore(precious),
      vault: openVault({ kms: aws.kms, table: precious, keyId: 'alias/bench', now, monotonic: now }),
      providers,
      secrets: createSecretSource(aws.secrets, now),
      http: platforms.http(role),
      now,
      sleep,
      random,
      log,
      count: createCount(now, write),
      refreshAll: false,
      pauses: createPauseStore(precious, now),
    };
  }

  const setUp = partsOf('setting up');
  for (const { id } of builtInProviders) {
    await setUp.apps.update(id as string as AppId, () => ({
      appId: id as string as AppId,
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
    }));
  }
  const { precious, activity } = tables('sweep');
  const sweep: SweepDeps = {
    connections: createConnectionStore(precious),
    positions: createSweepPositionStore(activity),
    pauses: createPauseStore(precious, now),
    queue: openQueue<unknown>(aws.sqs, refreshQueue),
    backlog: () => messagesIn(aws.sqs, refreshQueue),
    now,
    log,
  };

  return {
    aws,
    setUp,
    sweep,
    /** What else `refresh-due` does each minute. */
    resume: { jobs: createJobStore(precious, now), queue: openQueue<unknown>(aws.sqs, jobsQueue) },
    newReader: () => partsOf('reader'),

    /** Works one message of the refresh queue, as `functions/refresh-connection.ts` does. */
    newWorker(observe: (worked: RefreshOutcome) => void = () => undefined) {
      const work = createRefreshWorker(partsOf('worker'));
      return async (message: string): Promise<void> => {
        observe(await work(parseMessage(refreshMessage, JSON.parse(message))));
      };
    },

    /** Bytes of log and metrics so far. */
    loggedBytes: () => logged,
  };
}
