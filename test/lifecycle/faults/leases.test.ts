/** What one call at a time means when a lease is lost, left behind, eaten up by slow reads, or waited for in vain. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SealedConnection } from '../../../lib/connections/connection.ts';
import { leaseMilliseconds } from '../../../lib/integrations/lifecycle/refresh-token.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import type { Instance } from '../parts.ts';
import { runUntil } from '../process.ts';
import {
  askUntilDone,
  askUntilServed,
  expectNoRace,
  expiredConnection,
  failureOf,
  recordOf,
  refreshConnection,
  tokenCalls,
} from '../steps.ts';
import { accountOf, openWorld, type World } from '../world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(() => world.reset());

it('makes one call for all who ask at once, in one instance or in many', async () => {
  const connection = await expiredConnection(world, world.newInstance());
  const instances = Array.from({ length: 6 }, () => world.newInstance());

  const tokens = await Promise.all(
    [...instances, ...instances].map(({ deps }) => getAccessToken(deps, accountOf(connection))),
  );

  expect(new Set(tokens.map(({ accessToken }) => accessToken.reveal())).size).toBe(1);
  expect(tokenCalls(world)).toBe(1);
});

it('stores a success although the lease was lost in mid-call, and overturns the end that was declared meanwhile', async () => {
  const connection = await expiredConnection(world, world.newInstance());
  const slow = world.newInstance();
  world.platformCall = async (call) => {
    world.platformCall = (other) => other();
    const answer = await call();
    // The platform has rotated the token; its answer is on the way for longer than the lease lasts.
    world.time.advance(leaseMilliseconds + 5_000);
    const rival = await failureOf(getAccessToken(world.newInstance().deps, accountOf(connection)));
    expect(rival).toMatchObject({ code: 'TOKEN_EXPIRED', details: { reason: 'answer_lost' } });
    return answer;
  };

  const token = await getAccessToken(slow.deps, accountOf(connection));
  const events = await world.queues.events();

  expect(await world.isGood(token.accessToken.reveal())).toBe(true);
  expect(await recordOf(world, connection)).toMatchObject({
    status: 'active',
    generation: connection.generation + 1,
  });
  expect(events.map(({ type }) => type).toSorted()).toEqual([
    'connection.reconnect_required',
    'connection.recovered',
  ]);
});

it('lets the reconnect of a user stand before a late refresher, and lets go of what that one brings', async () => {
  const instance = world.newInstance();
  const connection = await expiredConnection(world, instance);
  let reconnected: SealedConnection | undefined;
  world.platformCall = async (call) => {
    world.platformCall = (other) => other();
    const answer = await call();
    reconnected = await world.connect(world.newInstance());
    return answer;
  };

  const token = await getAccessToken(instance.deps, accountOf(connection));
  const record = await recordOf(world, connection);

  expect(record).toMatchObject({ status: 'active', generation: connection.generation + 1 });
  expect(record?.grantId).not.toBe(connection.grantId);
  expect(record?.sealed).toEqual(reconnected?.sealed);
  expect(await world.isGood(token.accessToken.reveal())).toBe(true);
});

describe('a holder that dies', () => {
  // Each call has two steps, its leaving and its answer: the app's record, the lease, the platform, the store, the event.
  const deaths = [
    ['before it has the lease', 2],
    ['as its lease is granted', 3],
    ['before its call', 4],
    ['with its result just stored', 7],
    ['before it has told of it', 8],
  ] as const;

  it.each(deaths)(
    '%s leaves the connection to the next one, and a single call in flight',
    async (_, steps) => {
      const doomed = world.newInstance();
      const connection = await warmConnection(doomed);

      const { result } = await runUntil(steps, () => refreshConnection(doomed.deps, connection));
      const began = world.time.now();
      const renewed = await askUntilDone(world, async ({ deps }) =>
        refreshConnection(deps, (await recordOf(world, connection)) ?? connection),
      );

      expect(result).toBe('died');
      expect(renewed).toMatchObject({ status: 'active' });
      expect(renewed.generation).toBeGreaterThan(connection.generation);
      expect(world.time.now() - began).toBeLessThanOrEqual(leaseMilliseconds + 5_000);
      expectNoRace(world);
    },
  );

  it.each([
    ['before it has read the answer', 5],
    ['before it has stored the answer', 6],
  ])('%s takes the rotated token with it, which is found out with one careful call', async (_, steps) => {
    const doomed = world.newInstance();
    const connection = await warmConnection(doomed);

    const { result } = await runUntil(steps, () => refreshConnection(doomed.deps, connection));
    const failure = await failureOf(askUntilDone(world, ({ deps }) => refreshConnection(deps, connection)));

    expect(result).toBe('died');
    expect(failure).toMatchObject({ code: 'TOKEN_EXPIRED', details: { reason: 'answer_lost' } });
    expect(tokenCalls(world)).toBe(2);
    expect(world.platform.calls().grants[0]?.maxTokenCallsInFlight).toBe(1);
  });

  /** A connection whose keys and secrets the instance holds in memory, so that its next refresh has the fewest steps. */
  async function warmConnection(instance: Instance) {
    const connection = await expiredConnection(world, instance);
    const renewed = await refreshConnection(instance.deps, connection);
    world.platform.control({ command: 'reset_calls' });
    return renewed;
  }
});

describe('a lease that slow reads have eaten up', () => {
  it('is given back without a call, because the call might outlive it', async () => {
    const connection = await expiredConnection(world, world.newInstance());
    const slow = world.newInstance();
    const sluggish = {
      ...slow.deps,
      leases: {
        ...slow.deps.leases,
        take: async (...given: Parameters<typeof slow.deps.leases.take>) => {
          const taking = await slow.deps.leases.take(...given);
          world.time.advance(leaseMilliseconds / 2);
          return taking;
        },
      },
    };

    const failure = await failureOf(refreshConnection(sluggish, connection));
    const calls = tokenCalls(world);
    const token = await getAccessToken(world.newInstance().deps, accountOf(connection));

    expect(failure.code).toBe('TOKEN_REFRESH_ERROR');
    expect(calls).toBe(0);
    expect(await world.isGood(token.accessToken.reveal())).toBe(true);
  });
});

describe('a caller who waits for somebody else', () => {
  it('never begins a call that the end of its own function would cut off', async () => {
    const connection = await expiredConnection(world, world.newInstance());
    const dead = await world.newInstance().deps.leases.take(connection.id, connection.generation, 15_000);
    const began = world.time.now();

    const failure = await failureOf(getAccessToken(world.newInstance().deps, accountOf(connection)));
    const waited = world.time.now() - began;
    const calls = tokenCalls(world);
    await askUntilServed(world, connection);

    expect(dead.kind).toBe('taken');
    expect(failure).toMatchObject({ code: 'TOKEN_REFRESH_ERROR', details: { reason: 'renewal_under_way' } });
    expect(waited).toBeGreaterThanOrEqual(15_000);
    expect(calls).toBe(0);
    expectNoRace(world);
  });

  it('takes over early enough from a holder that died early', async () => {
    const connection = await expiredConnection(world, world.newInstance());
    await world.newInstance().deps.leases.take(connection.id, connection.generation, 5_000);

    const token = await getAccessToken(world.newInstance().deps, accountOf(connection));

    expect(await world.isGood(token.accessToken.reveal())).toBe(true);
    expect(tokenCalls(world)).toBe(1);
  });
});
