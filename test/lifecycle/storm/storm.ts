/**
 * A refresh storm: 200 callers in four processes on one expired connection of a platform that rotates, that ends the
 * grant when a spent token is used again, and that takes five seconds to answer.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalAws } from '../../../infra/local/aws/local-aws.ts';
import type { Fault } from '../../../infra/local/sandbox/control/control.ts';
import { provision } from '../../../infra/local/stack/provision.ts';
import { createPlatformHttp } from '../../../lib/platform-http/platform-http.ts';
import { connectAccount } from '../../support/lifecycle/connect-account.ts';
import { type AwsPlace, openClients, openInstance } from '../../support/lifecycle/function-instance.ts';
import { openRegistration, tenantId, tiktok, user } from '../../support/lifecycle/tenant-at-platform.ts';
import { tiktokAt, tiktokWith } from '../../support/lifecycle/tiktok-with.ts';
import { openCrew } from './caller-processes.ts';
import { startGracefulPlatform } from './graceful-platform.ts';
import { scaleTime } from './scaled-time.ts';
import type { CallFate, Plan } from './storm-plan.ts';
import type { StormOrder } from './storm-process.ts';
import { judge, type Verdict } from './verdict.ts';

const answerMilliseconds = 5_000;
const callersPerProcess = 50;
const graceSeconds = 300;

export type Storm = Awaited<ReturnType<typeof openStorm>>;

/** @param factor how many times faster than the machine's clock its time runs. */
export async function openStorm(factor: number) {
  const scale = { began: Date.now(), factor };
  const { now, sleep, real } = scaleTime(scale);
  const folder = mkdtempSync(join(tmpdir(), 'hawser-storm-'));
  const journal = join(folder, 'journal');
  let grace = 0;
  const aws = await startLocalAws({ grantsOf: () => undefined, now: Date.now });
  const platform = await startGracefulPlatform({ clients: [], now }, () => grace);
  const place: AwsPlace = { endpoint: aws.endpoints.dynamodb, region: aws.region, accountId: aws.accountId };
  const clients = openClients(place, 3);
  await provision(clients);
  const observer = openInstance({
    aws: place,
    clients,
    platformOrigins: tiktokAt(platform.origin),
    providers: tiktokWith({}),
    http: createPlatformHttp({
      fetch,
      insecureOrigins: [platform.origin],
      origins: tiktokAt(platform.origin),
    }),
    now,
    sleep,
    random: Math.random,
    write: () => undefined,
  });
  const registration = await openRegistration(observer, clients, platform);
  await registration.register();
  const crew = await openCrew();

  /** A connection whose access token has run out already. */
  async function expiredConnection() {
    platform.control({ command: 'kill_grants' });
    await registration.clearConnections();
    platform.control({ command: 'set_lifetimes', accessTokenSeconds: 1 });
    const connection = await connectAccount(observer, {
      tenantId,
      userId: user,
      provider: tiktok,
      person: 'mira',
    });
    platform.control({ command: 'set_lifetimes', accessTokenSeconds: 7_200 });
    while ((connection.expiresAt ?? 0) > now()) await sleep(100);
    return connection;
  }

  return {
    async run(plan: Plan): Promise<Verdict> {
      grace = plan.grace ? graceSeconds : 0;
      const connection = await expiredConnection();
      for (const command of ['clear_faults', 'reset_calls'] as const) platform.control({ command });
      platform.control({ command: 'set_modes', modes: { refreshReuse: 'ends_grant' } });
      const inject = (fate: CallFate, calls: number) =>
        platform.control({ command: 'inject', endpoint: 'token', calls, fault: faultOf(fate) });
      for (const fate of plan.fates) inject(fate, 1);
      inject('slow', 10_000);
      writeFileSync(journal, '');

      const { accountId, provider } = connection;
      const order: StormOrder = {
        plan,
        aws: place,
        platformOrigin: platform.origin,
        scale,
        account: { tenantId, userId: user, provider, accountId },
        callers: callersPerProcess,
        journal,
        graceSeconds: grace,
        answerMilliseconds,
        patienceMilliseconds: 240_000,
      };
      const weathered = await crew.weather(order);
      // What the platform saw is read before the observer asks it anything.
      const calls = platform.calls();
      platform.control({ command: 'clear_faults' });
      return judge({ plan, connection, observer, order, calls, weathered });
    },

    async close(): Promise<void> {
      await crew.close();
      for (const client of Object.values(clients)) client.destroy();
      await platform.close();
      await aws.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };

  function faultOf(fate: CallFate): Fault {
    const milliseconds = real(answerMilliseconds);
    if (fate === 'lost answer') return { kind: 'lose_answer' };
    return fate === 'slow' ? { kind: 'delay', milliseconds } : { kind: 'hold_answer', milliseconds };
  }
}
