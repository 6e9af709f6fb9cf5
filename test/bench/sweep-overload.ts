/**
 * The sweep under sustained overload, played minute by minute: connections become due faster than workers can serve
 * them, and some messages are lost. The sweep is the product's own; the queue and its workers are counters.
 */

import { createConnectionStore } from '../../lib/connections/connection-store.ts';
import type { AccountId, ConnectionId, ProviderId, TenantId } from '../../lib/ids.ts';
import { sweepDue, usualQueueLimit } from '../../lib/integrations/worker/sweep-due.ts';
import { createSweepPositionStore } from '../../lib/integrations/worker/sweep-position.ts';
import { exists } from '../../lib/table/condition.ts';
import { connectionKey, dueIndexEntry } from '../../lib/table/keys.ts';
import { nothingConsumed } from './refresh-capacity.ts';
import { openCountingStore } from './refresh-counting-table.ts';
import { seededRandom } from './refresh-seeded-random.ts';
import { atMost, type BenchGroup, exactly } from './row.ts';

export interface OverloadOptions {
  readonly minutes: number;
  readonly duePerSecond: number;
  readonly workedPerSecond: number;
  readonly queueLimit: number;
}

export interface Overload {
  readonly worked: number;
  /** Messages for a connection whose earlier message still waited. */
  readonly sentWhileWaiting: number;
  /** Milliseconds for which what was worked last, of each shard and each platform, had been due. */
  readonly longestWaits: { readonly shards: readonly number[]; readonly platforms: readonly number[] };
  /** Messages that vanished, those of them that no sweep has sent again, and how long that took at most. */
  readonly lost: number;
  readonly lostUnfound: number;
  readonly longestLossMinutes: number;
  readonly writeUnitsPerSweep: number;
}

interface Due {
  readonly account: number;
  readonly provider: ProviderId;
  readonly dueAt: number;
  readonly shard: string;
}

/** At a tenth of the size at which a stack works. Measures in ten seconds. */
export const sweepUnderOverload: BenchGroup = {
  name: 'sweep under overload',
  async measure() {
    const played = await simulateOverload({
      minutes: 60,
      duePerSecond: 40,
      workedPerSecond: 25,
      queueLimit: usualQueueLimit / 10,
    });
    const { shards, platforms } = played.longestWaits;
    const spread = (waits: readonly number[]) => Math.max(...waits) / Math.min(...waits);
    return {
      rows: [
        atMost(
          {
            name: 'Longest wait of a shard with 40 due a second and 25 worked, in times of the shortest',
            value: spread(shards),
            unit: '×',
          },
          1.03,
        ),
        atMost(
          { name: '… of a platform, in times of the shortest', value: spread(platforms), unit: '×' },
          1.03,
        ),
        exactly(
          {
            name: '… messages sent while an earlier one waits',
            value: played.sentWhileWaiting,
            unit: 'messages',
          },
          0,
        ),
        exactly({ name: '… lost messages not sent again', value: played.lostUnfound, unit: 'messages' }, 0),
        atMost(
          {
            name: '… minutes until a lost one is sent again',
            value: played.longestLossMinutes,
            unit: 'minutes',
          },
          5,
        ),
        atMost({ name: '… write units of a sweep', value: played.writeUnitsPerSweep, unit: 'units' }, 2),
      ],
    };
  },
};

const minuteMilliseconds = 60_000;
const tenantId = 'tenant-1' as TenantId;
/** One platform has six of ten connections, four others have one each. */
const platforms = ['large', 'large', 'large', 'large', 'large', 'large', 'one', 'two', 'three', 'four'];
/** One message in a thousand vanishes, until the last ten minutes. */
const lossRate = 0.001;
const calmMinutes = 10;

export async function simulateOverload(options: OverloadOptions): Promise<Overload> {
  const { minutes, duePerSecond, workedPerSecond, queueLimit } = options;
  const random = seededRandom(minutes);
  const stored = openCountingStore();
  const consumed = nothingConsumed();
  const setUp = stored.open(nothingConsumed());
  const activity = openCountingStore().open(consumed);
  const due = new Map<string, Due>();
  const queue: string[] = [];
  const waiting = new Set<string>();
  const lostAt = new Map<string, number>();
  const longest = { shards: new Map<string, number>(), platforms: new Map<string, number>() };
  let [now, accounts, worked, sentWhileWaiting, lost, longestLoss] = [0, 0, 0, 0, 0, 0];

  for (let minute = 0; minute < minutes; minute += 1) {
    for (let count = 0; count < duePerSecond * 60; count += 1) await becomeDue();
    now += minuteMilliseconds;
    await sweep(minute < minutes - calmMinutes);
    for (let count = 0; count < workedPerSecond * 60; count += 1) await work();
  }
  return {
    worked,
    sentWhileWaiting,
    longestWaits: { shards: [...longest.shards.values()], platforms: [...longest.platforms.values()] },
    lost,
    lostUnfound: lostAt.size,
    longestLossMinutes: longestLoss / minuteMilliseconds,
    writeUnitsPerSweep: consumed.writeUnits / minutes,
  };

  async function becomeDue(): Promise<void> {
    accounts += 1;
    const provider = (platforms[Math.floor(platforms.length * random())] ?? '') as ProviderId;
    const dueAt = Math.floor(now + minuteMilliseconds * random());
    const entry = dueIndexEntry(`con_${idOf(random)}` as ConnectionId, dueAt);
    await setUp.put(keyOf(accounts, provider), entry);
    due.set(String(accounts), { account: accounts, provider, dueAt, shard: entry['dueKey'] ?? '' });
  }

  async function sweep(mayLose: boolean): Promise<void> {
    await sweepDue({
      connections: createConnectionStore(stored.open(consumed)),
      positions: createSweepPositionStore(activity),
      pauses: { read: async () => ({ paused: [], resumed: [] }) },
      queue: {
        send: async () => undefined,
        sendAll: async (messages) => {
          for (const { body } of messages) {
            if (typeof body !== 'object' || body === null || !('accountId' in body)) continue;
            receive(String(body.accountId), mayLose);
          }
        },
      },
      backlog: async () => queue.length,
      queueLimit,
      now: () => now,
      log: () => undefined,
    });
  }

  function receive(account: string, mayLose: boolean): void {
    if (waiting.has(account)) sentWhileWaiting += 1;
    const wasLostAt = lostAt.get(account);
    if (wasLostAt !== undefined) longestLoss = Math.max(longestLoss, now - wasLostAt);
    lostAt.delete(account);
    if (mayLose && wasLostAt === undefined && random() < lossRate) {
      lost += 1;
      lostAt.set(account, now);
      return;
    }
    waiting.add(account);
    queue.push(account);
  }

  async function work(): Promise<void> {
    const account = queue.shift();
    const found = account === undefined ? undefined : due.get(account);
    if (account === undefined || !found) return;
    waiting.delete(account);
    due.delete(account);
    worked += 1;
    longest.shards.set(found.shard, now - found.dueAt);
    longest.platforms.set(found.provider, now - found.dueAt);
    await setUp.delete(keyOf(found.account, found.provider), exists('pk'));
  }
}

function keyOf(account: number, provider: ProviderId) {
  return connectionKey(tenantId, provider, String(account) as AccountId);
}

function idOf(random: () => number): string {
  return Math.floor(random() * 2 ** 48)
    .toString(36)
    .padStart(10, '0');
}
