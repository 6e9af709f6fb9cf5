/**
 * One process of a storm: many callers over a few function instances, and death by SIGKILL when the plan says so. What
 * its instances do about leases is written down before they do it, so that it outlives them.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import type { Connection, SealedConnection } from '../../../lib/connections/connection.ts';
import type { Decision } from '../../../lib/connections/connection-change.ts';
import type { Update } from '../../../lib/connections/connection-updates.ts';
import { IntegrationError } from '../../../lib/errors.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import type { OwnAccount } from '../../../lib/integrations/tokens/own-connection.ts';
import { createPlatformHttp, type PlatformHttp } from '../../../lib/platform-http/platform-http.ts';
import {
  type AwsPlace,
  type Instance,
  openClients,
  openInstance,
} from '../../support/lifecycle/function-instance.ts';
import { tiktokAt, tiktokWith } from '../../support/lifecycle/tiktok-with.ts';
import { seededRandom } from './random.ts';
import { type Scale, scaleTime } from './scaled-time.ts';
import type { Death, Plan } from './storm-plan.ts';

/** The order that the process receives; plain data only. */
export interface StormOrder {
  readonly plan: Plan;
  readonly aws: AwsPlace;
  readonly platformOrigin: string;
  readonly scale: Scale;
  readonly account: OwnAccount;
  readonly callers: number;
  /** Where leases and calls are written down. */
  readonly journal: string;
  /** Seconds for which the definition says that a rotated token works on. */
  readonly graceSeconds: number;
  /** How long the platform takes, and when callers give up, in the storm's time. */
  readonly answerMilliseconds: number;
  readonly patienceMilliseconds: number;
}

/** The outcome of one caller. */
export type CallerOutcome =
  /** The token is told by its digest. */
  | { readonly kind: 'served'; readonly digest: string }
  | { readonly kind: 'gone' | 'stuck'; readonly reason: string };

const instancesPerProcess = 4;

process.on('message', (order: StormOrder) => {
  weather(order).then(
    () => process.send?.({ kind: 'calm' }),
    (error: unknown) => process.send?.({ kind: 'broken', reason: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
process.send?.({ kind: 'ready' });

async function weather(order: StormOrder): Promise<void> {
  const clients = openClients(order.aws, 3);
  const random = seededRandom(order.plan.seed * 1_009 + process.pid);
  const instances = Array.from({ length: instancesPerProcess }, () => openMortal(order, clients, random));
  await Promise.all(
    Array.from({ length: order.callers }, async (_, index) => {
      const instance = instances[index % instances.length];
      if (!instance) return;
      const outcome = await call(order, instance, random);
      process.send?.({ kind: 'outcome', outcome });
    }),
  );
  for (const client of Object.values(clients)) client.destroy();
}

/** Calls until it gets a token or a final error, as an application would. */
async function call(order: StormOrder, { deps }: Instance, random: () => number): Promise<CallerOutcome> {
  await deps.sleep(3_000 * random());
  const until = deps.now() + order.patienceMilliseconds;
  let reason = 'never refused';
  while (deps.now() < until) {
    try {
      const { accessToken, expiresAt } = await getAccessToken(deps, order.account);
      if (Date.parse(expiresAt ?? '') <= deps.now()) return { kind: 'stuck', reason: 'expired token served' };
      const digest = createHash('sha256').update(accessToken.reveal()).digest('base64url');
      return { kind: 'served', digest };
    } catch (error) {
      if (!(error instanceof IntegrationError)) throw error;
      reason = `${error.code} ${String(error.details?.['reason'] ?? '')}`;
      if (error.retryAfterSeconds === undefined) return { kind: 'gone', reason };
      await deps.sleep(error.retryAfterSeconds * 1_000);
    }
  }
  return { kind: 'stuck', reason };
}

/** An instance that journals its leases and calls, and dies at the planned point of one. */
function openMortal(
  order: StormOrder,
  clients: ReturnType<typeof openClients>,
  random: () => number,
): Instance {
  const { now, sleep, real } = scaleTime(order.scale);
  const { plan, platformOrigin } = order;
  const platformUserId = 'nobody';
  let death: Death | undefined;
  const dieIf = (moment: Death) => {
    if (death === moment) process.kill(process.pid, 'SIGKILL');
  };
  const write = (line: string) => appendFileSync(order.journal, `${line}\n`);
  const reach = createPlatformHttp({
    fetch,
    insecureOrigins: [platformOrigin],
    origins: tiktokAt(platformOrigin),
    timeoutMilliseconds: real(10_000),
  });
  const http: PlatformHttp = async (request) => {
    dieIf('before the call');
    write(`call ${platformUserId}`);
    if (death === 'in the call') {
      setTimeout(() => dieIf('in the call'), real(order.answerMilliseconds) * plan.deathShare);
    }
    const answer = await reach(request);
    dieIf('with the answer come');
    return answer;
  };
  const instance = openInstance({
    aws: order.aws,
    clients,
    platformOrigins: tiktokAt(platformOrigin),
    providers: tiktokWith(order.graceSeconds > 0 ? { rotationGraceSeconds: order.graceSeconds } : {}),
    http,
    now,
    sleep,
    random,
    write: () => undefined,
  });
  const { leases, connections } = instance.deps;
  const deps = {
    ...instance.deps,
    leases: {
      ...leases,
      async take(...wanted: Parameters<typeof leases.take>) {
        const taking = await leases.take(...wanted);
        if (taking.kind !== 'taken') return taking;
        const { holder } = taking.lease;
        write(`lease ${holder}`);
        death = plan.deaths[leasesIn(order.journal).indexOf(holder)];
        if (death) write(`death ${holder} ${death}`);
        dieIf('with the lease taken');
        return taking;
      },
    },
    connections: {
      ...connections,
      update,
    },
  };
  return { ...instance, deps };

  async function update<Seen extends Connection, Reason extends string>(
    seen: Seen,
    decide: (current: Seen | SealedConnection) => Decision<Reason> | Promise<Decision<Reason>>,
  ): Promise<Update<Seen, Reason>> {
    const updated = await connections.update(seen, decide);
    if (updated.kind === 'changed' && updated.connection.generation > seen.generation) {
      dieIf('with the result stored');
    }
    return updated;
  }
}

function leasesIn(journal: string): readonly string[] {
  return readFileSync(journal, 'utf8')
    .split('\n')
    .flatMap((line) => (line.startsWith('lease ') ? [line.slice('lease '.length)] : []));
}
