/** Checks the result of a storm against the platform's call count, the journal of leases and the record. */
import { readFileSync } from 'node:fs';
import type { CallReport } from '../../../infra/local/sandbox/call-log.ts';
import type { SealedConnection } from '../../../lib/connections/connection.ts';
import { refreshConnection } from '../../../lib/integrations/lifecycle/refresh-token.ts';
import type { Instance } from '../../support/lifecycle/function-instance.ts';
import type { Weathered } from './caller-processes.ts';
import type { Plan } from './storm-plan.ts';
import type { CallerOutcome, StormOrder } from './storm-process.ts';

export interface Verdict {
  readonly plan: Plan;
  readonly leases: number;
  readonly calls: number;
  readonly kills: number;
  readonly served: number;
  readonly gone: number;
  readonly status: string;
  /** The promises that the storm broke; empty when it kept all. */
  readonly violations: readonly string[];
}

interface Evidence {
  readonly plan: Plan;
  /** As it was before the storm. */
  readonly connection: SealedConnection;
  readonly observer: Instance;
  readonly order: StormOrder;
  readonly calls: CallReport;
  readonly weathered: Weathered;
}

export async function judge(evidence: Evidence): Promise<Verdict> {
  const { plan, connection, observer, order, calls, weathered } = evidence;
  const { tenantId, provider, accountId } = connection;
  const record = await observer.deps.connections.get(tenantId, provider, accountId);
  const journal = readFileSync(order.journal, 'utf8').split('\n');
  const leases = journal.filter((line) => line.startsWith('lease ')).length;
  const callsByLease = countBy(journal.filter((line) => line.startsWith('call ')));
  const tokenCalls = calls.latest.filter(({ endpoint }) => endpoint === 'token');
  // The platform gave tokens for every call that it did not refuse; of those whose answer got lost it says nothing.
  const rotations = tokenCalls.filter(({ status }) => status === undefined || status === 200).length;
  const stored = (record?.generation ?? 0) - connection.generation;
  const of = (kind: CallerOutcome['kind']) => weathered.outcomes.filter((outcome) => outcome.kind === kind);
  const digests = new Set(
    weathered.outcomes.flatMap((outcome) => (outcome.kind === 'served' ? outcome.digest : [])),
  );
  const stuck = weathered.outcomes.flatMap((outcome) => (outcome.kind === 'stuck' ? outcome.reason : []));
  const isActive = record?.status === 'active';
  const isLost = record?.status === 'reconnect_required';
  // With a grace period a lost answer may be asked for once more at once, under the same lease.
  const mostPerLease = plan.grace ? 2 : 1;

  const checks: readonly (readonly [string, boolean])[] = [
    ['two token calls in flight', calls.grants.some((grant) => grant.maxTokenCallsInFlight > 1)],
    ['more calls than a lease allows', [...callsByLease.values()].some((count) => count > mostPerLease)],
    ['a call without a lease', tokenCalls.length > leases * mostPerLease],
    ['neither alive nor declared dead', !isActive && !isLost],
    ['declared dead without evidence', isLost && rotations <= stored],
    ['lost although the platform would have saved it', isLost && plan.grace],
    ['told to be gone while it lives', isActive && of('gone').length > 0],
    ['served tokens that differ', digests.size > 1],
    ['a spent token shown without need', calls.refreshTokenReuses > 0 && rotations <= stored],
    ['fewer callers than there were', weathered.outcomes.length < 4 * order.callers],
    ['alive by the record and dead at the platform', isActive && !(await isAlive(observer, record))],
    ...(plan.deaths.length === 0 && plan.fates.length === 0
      ? ([
          ['not exactly one call', tokenCalls.length !== 1],
          ['somebody was not served', of('served').length !== 4 * order.callers],
        ] as const)
      : []),
  ];
  return {
    plan,
    leases,
    calls: tokenCalls.length,
    kills: weathered.kills,
    served: of('served').length,
    gone: of('gone').length,
    status: isLost ? `${record.status} (${record.statusReason})` : (record?.status ?? 'none'),
    violations: [
      ...checks.flatMap(([what, happened]) => (happened ? [what] : [])),
      ...new Set(stuck.map((reason) => `a caller is stuck: ${reason}`)),
    ],
  };
}

/** One line of a report. */
export function describeVerdict(verdict: Verdict): string {
  const { plan, leases, calls, kills, served, gone, status, violations } = verdict;
  const columns = [
    `seed ${String(plan.seed).padStart(3)}`,
    plan.grace ? 'grace' : '     ',
    `leases ${leases}`,
    `calls ${calls}`,
    `kills ${kills}`,
    `served ${String(served).padStart(3)}`,
    `gone ${String(gone).padStart(3)}`,
    status.padEnd(32),
    violations.length === 0 ? 'ok' : violations.join('; '),
    `deaths: ${plan.deaths.map((death) => death ?? 'none').join(', ')}; answers: ${plan.fates.join(', ')}`,
  ];
  return columns.join('  ');
}

/** The platform accepts a refresh with the stored token. */
async function isAlive({ deps }: Instance, record: SealedConnection): Promise<boolean> {
  try {
    const outcome = await refreshConnection(deps, record);
    return outcome.kind === 'refreshed' && outcome.connection.generation === record.generation + 1;
  } catch {
    return false;
  }
}

function countBy(lines: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}
