/** Paused and unresponsive platforms: they cost no read per minute, never delay other platforms, and lose no connection. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { SealedConnection } from '../../../lib/connections/connection.ts';
import type { ProviderId, TenantId } from '../../../lib/ids.ts';
import { beginDisconnect } from '../../../lib/integrations/disconnect/begin-disconnect.ts';
import type { RefreshOutcome } from '../../../lib/integrations/worker/refresh-worker.ts';
import { sweepDue } from '../../../lib/integrations/worker/sweep-due.ts';
import { refreshMessageFor } from '../../../lib/messages/refresh.ts';
import { createPauseStore } from '../../../lib/provider-apps/paused-providers.ts';
import { type Consumption, nothingConsumed } from '../../bench/refresh-capacity.ts';
import { openCountingStore } from '../../bench/refresh-counting-table.ts';
import { type Outage, openPlatforms } from '../../bench/refresh-platforms.ts';
import { connectionOf } from '../../bench/refresh-population.ts';
import { type LifecycleFixture, openLifecycleFixture, refreshQueue } from '../../bench/refresh-world.ts';
import { consentProvider } from '../../support/providers.ts';

const began = Date.UTC(2026, 10, 20, 12);
const minute = 60_000;
/** Reads of the pauses and, from the second sweep, of the positions. */
const recordsOfASweep = 2;
const tenantId = 'harbour' as TenantId;
const tiktok = 'tiktok' as ProviderId;

let clock: number;
let fixture: LifecycleFixture;
let swept: Consumption;
let platforms: ReturnType<typeof openPlatforms>;
let pauses: ReturnType<typeof createPauseStore>;
let outages: Outage[];

beforeEach(async () => {
  clock = began;
  swept = nothingConsumed();
  outages = [];
  platforms = openPlatforms({ now: () => clock, sleep: async () => undefined, latency: () => 0, outages });
  const stores = { precious: openCountingStore(), activity: openCountingStore() };
  pauses = createPauseStore(stores.precious.open(nothingConsumed()), () => clock);
  fixture = await openLifecycleFixture({
    tables: (role) => {
      const consumed = role === 'sweep' ? swept : nothingConsumed();
      return { precious: stores.precious.open(consumed), activity: stores.activity.open(consumed) };
    },
    platforms,
    now: () => clock,
    sleep: async () => undefined,
    random: () => 0.5,
  });
});

describe('a paused platform', () => {
  it('is detected once and costs later sweeps nothing', async () => {
    await connectDue(20, 'tiktok');
    await pauses.pause(tiktok);

    const first = await sweepAndWork();
    const later = await sweepAndWork();

    expect(first.outcomes).toEqual(Array(20).fill('parked'));
    expect(later).toEqual({ outcomes: [], itemsRead: 0 });
    expect(platforms.calls).toEqual([]);
  });

  it('delays no other platform', async () => {
    await connectDue(5, 'tiktok');
    await connectDue(5, 'reddit', 100);
    await pauses.pause(tiktok);

    const { outcomes } = await sweepAndWork();

    expect(outcomes.toSorted()).toEqual([...Array(5).fill('parked'), ...Array(5).fill('refreshed')]);
  });

  it('still serves refreshes that a caller requested', async () => {
    const [connection] = await connectDue(1, 'tiktok');
    if (connection === undefined) throw new Error('No connection was made.');
    await pauses.pause(tiktok);

    const work = fixture.newWorker();
    await work(JSON.stringify(refreshMessageFor(connection).body));

    expect(platforms.calls.length).toBe(1);
  });

  it('continues where it stopped when the operator resumes it', async () => {
    await connectDue(20, 'tiktok');
    await pauses.pause(tiktok);
    await sweepAndWork();

    await pauses.resume(tiktok);
    const { outcomes } = await sweepAndWork();

    expect(outcomes).toEqual(Array(20).fill('refreshed'));
  });

  it('has its parked partitions read for a few minutes after it was resumed and no longer', async () => {
    await connectDue(3, 'tiktok');
    const queriesBefore = await queriesOfASweep();
    await pauses.pause(tiktok);
    await sweepAndWork();
    await pauses.resume(tiktok);

    const queriesSoonAfter = await queriesOfASweep();
    for (let count = 0; count < 20; count += 1) await sweepAndWork();

    expect(queriesSoonAfter - queriesBefore).toBe(16);
    expect(await queriesOfASweep()).toBe(queriesBefore);
  });

  it('loses no connection when a worker parks one after the pause ended', async () => {
    const [connection] = await connectDue(1, 'tiktok');
    await pauses.pause(tiktok);
    await pauses.resume(tiktok);
    await sweepAndWork(() => []);

    expect(connection && (await fixture.setUp.connections.park(connection))).toBe(true);

    expect((await sweepAndWork()).outcomes).toEqual(['refreshed']);
  });

  it('loses no connection when a worker crashes before it parks one', async () => {
    await connectDue(3, 'tiktok');
    await pauses.pause(tiktok);
    await sweepAndWork(() => []);

    expect((await sweepAndWork()).outcomes).toEqual(Array(3).fill('parked'));
  });

  it('can be paused again while its parked connections return', async () => {
    await connectDue(8, 'tiktok');
    await pauses.pause(tiktok);
    await sweepAndWork();
    await pauses.resume(tiktok);
    await sweepAndWork((messages) => messages.slice(0, 5));

    await pauses.pause(tiktok);
    const during = await sweepAndWork();
    await pauses.resume(tiktok);
    const after = await sweepAndWork();

    expect(during.outcomes).toEqual([]);
    expect(after.outcomes).toEqual(Array(3).fill('refreshed'));
  });

  it('revokes connections that were disconnected during the pause when it is resumed', async () => {
    const [connection] = await connectDue(1, 'tiktok');
    await pauses.pause(tiktok);
    await sweepAndWork();

    if (connection) await beginDisconnect(fixture.setUp, connection);
    const during = await sweepAndWork();
    await pauses.resume(tiktok);
    const after = await sweepAndWork();

    expect(during.outcomes).toEqual(['parked']);
    expect(after.outcomes).toEqual(['disconnected']);
  });

  it('leaves three quarters of each sweep to other platforms while its parked connections return', async () => {
    await connectDue(200, 'tiktok');
    await pauses.pause(tiktok);
    await sweepAndWork();
    await connectDue(200, 'reddit', 1_000);
    await pauses.resume(tiktok);

    await sweepDue({ ...fixture.sweep, queueLimit: 100 });

    const sent = fixture.aws.take(refreshQueue, 1_000).map((body) => JSON.parse(body).provider);
    expect(sent.filter((provider) => provider === 'tiktok').length).toBe(25);
    expect(sent.filter((provider) => provider === 'reddit').length).toBe(75);
  });
});

describe('a platform whose circuit is open', () => {
  it('has each unattempted refresh postponed by one write and receives it within two sweeps of its recovery', async () => {
    await connectDue(30, 'tiktok');
    outages.push({ provider: 'tiktok', from: began, until: began + 90_000, kind: 'refuses' });

    const { outcomes } = await sweepAndWork();
    const soon = await sweepAndWork();
    await sweepAndWork();

    expect(outcomes.filter((outcome) => outcome === 'held_back').length).toBeGreaterThan(15);
    expect(soon.outcomes).not.toContain('nothing');
    expect(platforms.calls.filter(({ refreshed }) => refreshed).length).toBe(30);
  });
});

async function connectDue(count: number, id: string, from = 0): Promise<readonly SealedConnection[]> {
  const provider = consentProvider(id);
  const sealer = await fixture.setUp.vault.sealerFor(tenantId);
  const made: SealedConnection[] = [];
  for (let account = from; account < from + count; account += 1) {
    const person = { account, tenantId, provider, lifetimeSeconds: 86_400, use: 'steady' } as const;
    const at = { platforms, sealer, now: clock, random: () => 0.5 };
    const connection = { ...connectionOf(person, at), dueAt: clock - 1_000 - account };
    await fixture.setUp.connections.create(connection);
    made.push(connection);
  }
  return made;
}

/** Runs a sweep and its messages, then advances the clock by a minute. @param deliver handles the messages. */
async function sweepAndWork(deliver = (messages: readonly string[]) => messages) {
  Object.assign(swept, nothingConsumed());
  await sweepDue(fixture.sweep);
  const records = swept.itemsRead;
  const outcomes: RefreshOutcome[] = [];
  const work = fixture.newWorker((outcome) => outcomes.push(outcome));
  for (const message of deliver(fixture.aws.take(refreshQueue, 1_000))) await work(message);
  clock += minute;
  return { outcomes, itemsRead: records - recordsOfASweep };
}

async function queriesOfASweep(): Promise<number> {
  Object.assign(swept, nothingConsumed());
  await sweepDue(fixture.sweep);
  return swept.calls;
}
