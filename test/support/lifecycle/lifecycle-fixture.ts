/**
 * The world of a lifecycle test: local AWS, a sandbox of TikTok, one tenant, and function instances as many as it
 * wants, all under a time that the test plays. Calls are real and go over loopback.
 */
import type { Intercept } from '../../../infra/local/aws/front/front.ts';
import { startLocalAws } from '../../../infra/local/aws/local-aws.ts';
import { startTikTok } from '../../../infra/local/platforms/tiktok/tiktok.ts';
import type { Fault } from '../../../infra/local/sandbox/control/control.ts';
import type { SandboxOptions } from '../../../infra/local/sandbox/sandbox.ts';
import { provision } from '../../../infra/local/stack/provision.ts';
import type { SealedConnection } from '../../../lib/connections/connection.ts';
import type { OwnAccount } from '../../../lib/integrations/tokens/own-connection.ts';
import {
  createPlatformHttp,
  type PlatformHttp,
  type PlatformRequest,
} from '../../../lib/platform-http/platform-http.ts';
import type { Provider, RefreshPolicy } from '../../../lib/providers/provider.ts';
import type { MetricName } from '../../../lib/telemetry/metrics.ts';
import { isSilence, patienceMilliseconds, silenceMilliseconds } from '../silence.ts';
import { simulateTime } from '../simulated-time.ts';
import { connectAccount, consent } from './connect-account.ts';
import { type AwsPlace, type Instance, openClients, openInstance } from './function-instance.ts';
import { step } from './process.ts';
import { openQueues } from './queues.ts';
import { openRegistration, tenantId, tiktok, user } from './tenant-at-platform.ts';
import { tiktokWith } from './tiktok-with.ts';

export interface LifecycleFixtureOptions {
  /** Tries per AWS call; one, so that a fault shows. */
  readonly attempts?: number;
  /** How long an instance waits for a platform that a test made silent, in real milliseconds. */
  readonly timeoutMilliseconds?: number;
  /** What TikTok's definition says differently here. */
  readonly tokens?: Partial<RefreshPolicy>;
  readonly furtherProviders?: readonly Provider[];
  readonly startPlatform?: (options: SandboxOptions) => ReturnType<typeof startTikTok>;
  readonly random?: () => number;
}

export type LifecycleFixture = Awaited<ReturnType<typeof openLifecycleFixture>>;

export async function openLifecycleFixture(options: LifecycleFixtureOptions = {}) {
  const time = simulateTime();
  const lines: string[] = [];
  const counted: { readonly name: MetricName; readonly reason: string | undefined }[] = [];
  let intercept: Intercept | undefined;
  /** Stands between an instance and its platform, where a test wants something to happen there. */
  let around: (call: () => ReturnType<PlatformHttp>, request: PlatformRequest) => ReturnType<PlatformHttp> = (
    call,
  ) => call();

  const aws = await startLocalAws({
    grantsOf: () => undefined,
    now: Date.now,
    intercept: (call) => intercept?.(call),
  });
  const platform = await (options.startPlatform ?? startTikTok)({ clients: [], now: time.now });
  /** A call takes no time, and an instance may die before it or before its answer. */
  const observed =
    <Args, Output>(next: (args: Args) => Promise<Output>) =>
    async (args: Args): Promise<Output> => {
      await step();
      const answer = await time.during(() => next(args));
      await step();
      return answer;
    };
  const place: AwsPlace = {
    endpoint: aws.endpoints.dynamodb,
    region: aws.region,
    accountId: aws.accountId,
  };
  const clients = openClients(place, options.attempts ?? 1);
  const { dynamoDb, kms, secrets, sqs } = clients;
  const initialize = { step: 'initialize' } as const;
  dynamoDb.middlewareStack.add((next) => observed(next), initialize);
  kms.middlewareStack.add((next) => observed(next), initialize);
  secrets.middlewareStack.add((next) => observed(next), initialize);
  sqs.middlewareStack.add((next) => observed(next), initialize);
  await provision(clients);
  const origins = {
    'https://www.tiktok.com': platform.origin,
    'https://open.tiktokapis.com': platform.apiOrigin,
  };
  const real = createPlatformHttp({
    fetch,
    insecureOrigins: [platform.origin, platform.apiOrigin],
    origins,
  });
  let silent = false;
  const http: PlatformHttp = async (asked) => {
    const timeoutMilliseconds = silent
      ? (options.timeoutMilliseconds ?? silenceMilliseconds)
      : patienceMilliseconds;
    const request = { ...asked, timeoutMilliseconds };
    await step();
    const answer = await around(() => time.during(() => real(request)), request);
    await step();
    return answer;
  };
  const known = [...tiktokWith(options.tokens ?? {}), ...(options.furtherProviders ?? [])];
  const newInstance = (): Instance =>
    openInstance({
      aws: place,
      clients,
      platformOrigins: origins,
      providers: known,
      http,
      now: time.now,
      sleep: time.sleep,
      random: options.random ?? (() => 0.5),
      write: (line) => lines.push(line),
      count: (name, reason) => counted.push({ name, reason }),
    });

  /** A page takes a browser no time either. */
  const browse: typeof fetch = (input, init) => time.during(() => fetch(input, init));
  const registration = await openRegistration(newInstance(), clients, platform);
  await registration.register();
  const queues = openQueues(place, clients, (line) => lines.push(line), time.during);

  return {
    time,
    aws,
    platform,
    queues,
    newInstance,
    register: registration.register,
    unregister: registration.unregister,
    /** Every line that was logged. */
    lines,
    /** Every metric that was counted, with its reason. */
    counted,
    set fault(wanted: Intercept | undefined) {
      intercept = wanted;
    },
    set platformCall(wanted: typeof around) {
      around = wanted;
    },

    connect: (instance: Instance, person = 'mira', userId = user) =>
      connectAccount(instance, { tenantId, userId, provider: tiktok, person }, browse),
    consent: (instance: Instance, person = 'mira', userId = user) =>
      consent(instance, { tenantId, userId, provider: tiktok, person }, browse),

    inject(fault: Fault, { endpoint = 'token' as 'token' | 'revoke' | 'profile', calls = 1 } = {}): void {
      silent ||= isSilence(fault);
      platform.control({ command: 'inject', endpoint, calls, fault });
    },

    /** Whether the platform takes an access token. */
    async isGood(accessToken: string): Promise<boolean> {
      const answer = await time.during(() =>
        fetch(`${platform.apiOrigin}/v2/user/info/?fields=open_id`, {
          headers: { authorization: `Bearer ${accessToken}` },
        }),
      );
      await answer.body?.cancel();
      return answer.ok;
    },

    /** Ends connections, grants, faults and messages of the test before. */
    async reset(): Promise<void> {
      intercept = undefined;
      silent = false;
      around = (call) => call();
      await registration.clearConnections();
      await registration.register();
      for (const command of ['kill_grants', 'clear_faults', 'reset_calls'] as const)
        platform.control({ command });
      platform.control({ command: 'set_modes', modes: { rotation: 'rotating', refreshReuse: 'refused' } });
      for (const name of ['refresh', 'rescue', 'jobs', 'events'] as const) await queues.empty(name);
      lines.length = 0;
      counted.length = 0;
    },

    async close() {
      for (const client of Object.values(clients)) client.destroy();
      await platform.close();
      await aws.close();
    },
  };
}

/** What names a connection's account to the verbs. */
export function accountOf({ accountId, provider, userId }: SealedConnection): OwnAccount {
  return { tenantId, userId, provider, accountId };
}
