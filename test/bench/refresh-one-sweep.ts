/** One sweep and the work that it finds, over any tables, with what each of the two took. */
import type { SealedConnection } from '../../lib/connections/connection.ts';
import type { ConnectionId, ProviderId, TenantId } from '../../lib/ids.ts';
import { sweepDue } from '../../lib/integrations/worker/sweep-due.ts';
import type { Table } from '../../lib/table/table.ts';
import { consentProvider } from '../support/providers.ts';
import { type Consumption, nothingConsumed } from './refresh-capacity.ts';
import { openPlatforms } from './refresh-platforms.ts';
import { connectionOf, namesOf, type Person } from './refresh-population.ts';
import { seededRandom } from './refresh-seeded-random.ts';
import { openLifecycleFixture, type Role, refreshQueue } from './refresh-world.ts';

export interface Swept {
  readonly stored: number;
  readonly due: number;
  readonly refreshed: number;
  /** Calls of SQS that filled the queue. */
  readonly sendRequests: number;
  readonly sweep: Consumption;
  readonly worker: Consumption;
}

/** The tables of a role, whose calls are counted into `consumed`. */
export type OpenTables = (
  role: Role,
  consumed: Consumption,
) => { readonly precious: Table; readonly activity: Table };

const now = Date.UTC(2026, 10, 20, 12);
const hourMilliseconds = 3_600_000;
const providers = ['tiktok', 'reddit', 'openid'] as const;
const batchSize = 10;

export async function sweepOnce(
  openTables: OpenTables,
  { stored, due }: { readonly stored: number; readonly due: number },
): Promise<Swept> {
  const random = seededRandom(stored);
  const consumed: Record<Role, Consumption> = {
    'setting up': nothingConsumed(),
    sweep: nothingConsumed(),
    worker: nothingConsumed(),
    reader: nothingConsumed(),
  };
  const platforms = openPlatforms({ now: () => now, sleep: async () => undefined, latency: () => 0 });
  const fixture = await openLifecycleFixture({
    tables: (role) => openTables(role, consumed[role]),
    platforms,
    now: () => now,
    sleep: async () => undefined,
    random,
  });
  const tenantId = 'tenant-1' as TenantId;
  const sealer = await fixture.setUp.vault.sealerFor(tenantId);
  const deps = { platforms, sealer, now, random };
  const { connections } = fixture.setUp;
  for (let account = 0; account < due; account += 1) {
    const connection = connectionOf(personOf(tenantId, account), deps);
    await connections.create({ ...connection, dueAt: now - Math.floor(60_000 * random()) });
  }
  // One seal serves them all: nobody opens what is not due.
  const pattern = connectionOf(personOf(tenantId, due), deps);
  for (let account = due; account < stored; account += 1) {
    await connections.create(later(pattern, account, now + hourMilliseconds * (1 + 500 * random())));
  }

  Object.assign(consumed.sweep, nothingConsumed());
  await sweepDue(fixture.sweep);
  let refreshed = 0;
  const work = fixture.newWorker((worked) => {
    if (worked === 'refreshed') refreshed += 1;
  });
  for (;;) {
    const messages = fixture.aws.take(refreshQueue, batchSize);
    if (messages.length === 0) break;
    await Promise.all(messages.map(work));
  }
  const sendRequests = fixture.aws.requests[`SendMessageBatchCommand ${refreshQueue}`] ?? 0;
  return { stored, due, refreshed, sendRequests, sweep: consumed.sweep, worker: consumed.worker };
}

function personOf(tenantId: TenantId, account: number): Person {
  const provider = consentProvider(providers[account % providers.length] ?? '');
  return { account, tenantId, provider, lifetimeSeconds: 86_400, use: 'steady' };
}

/** The same for another account at some provider, due at another time. */
function later(pattern: SealedConnection, account: number, dueAt: number): SealedConnection {
  const { userId, accountId } = namesOf(account);
  return {
    ...pattern,
    id: `con_${String(account).padStart(22, 'A')}` as ConnectionId,
    provider: (providers[account % providers.length] ?? '') as ProviderId,
    userId,
    accountId,
    platformUserId: accountId,
    dueAt: Math.floor(dueAt),
  };
}
