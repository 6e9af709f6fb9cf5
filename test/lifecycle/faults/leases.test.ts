/** Single-flight refreshes when a lease expires, outlives its holder, is used up by slow reads or is awaited in vain. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SealedConnection } from '../../../lib/connections/connection.ts';
import { leaseMilliseconds } from '../../../lib/integrations/lifecycle/refresh-token.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import type { Instance } from '../../support/lifecycle/function-instance.ts';
import {
  accountOf,
  type LifecycleFixture,
  openLifecycleFixture,
} from '../../support/lifecycle/lifecycle-fixture.ts';
import { runUntil } from '../../support/lifecycle/process.ts';
import {
  askUntilDone,
  askUntilServed,
  expectNoRace,
  expiredConnection,
  failureOf,
  recordOf,
  refreshConnection,
  tokenCalls,
} from '../../support/lifecycle/steps.ts';

let fixture: LifecycleFixture;

beforeAll(async () => {
  fixture = await openLifecycleFixture();
});
afterAll(() => fixture.close());
beforeEach(() => fixture.reset());

it('simultaneous callers share one refresh call, in one instance or in many', async () => {
  const connection = await expiredConnection(fixture, fixture.newInstance());
  const instances = Array.from({ length: 6 }, () => fixture.newInstance());

  const tokens = await Promise.all(
    [...instances, ...instances].map(({ deps }) => getAccessToken(deps, accountOf(connection))),
  );

  expect(new Set(tokens.map(({ accessToken }) => accessToken.reveal())).size).toBe(1);
  expect(tokenCalls(fixture)).toBe(1);
});

it('a refresh whose lease expired mid-call still stores its success and overturns an end declared meanwhile', async () => {
  const connection = await expiredConnection(fixture, fixture.newInstance());
  const slow = fixture.newInstance();
  fixture.platformCall = async (call) => {
    fixture.platformCall = (other) => other();
    const answer = await call();
    // The platform has rotated the token; its answer is on the way for longer than the lease lasts.
    fixture.time.advance(leaseMilliseconds + 5_000);
    const rival = await failureOf(getAccessToken(fixture.newInstance().deps, accountOf(connection)));
    expect(rival).toMatchObject({ code: 'TOKEN_EXPIRED', details: { reason: 'answer_lost' } });
    return answer;
  };

  const token = await getAccessToken(slow.deps, accountOf(connection));
  const events = await fixture.queues.events();

  expect(await fixture.isGood(token.accessToken.reveal())).toBe(true);
  expect(await recordOf(fixture, connection)).toMatchObject({
    status: 'active',
    generation: connection.generation + 1,
  });
  expect(events.map(({ type }) => type).toSorted()).toEqual([
    'connection.reconnect_required',
    'connection.recovered',
  ]);
});

it('a user’s reconnect prevails over a late refresh, whose tokens are revoked', async () => {
  const instance = fixture.newInstance();
  const connection = await expiredConnection(fixture, instance);
  let reconnected: SealedConnection | undefined;
  fixture.platformCall = async (call) => {
    fixture.platformCall = (other) => other();
    const answer = await call();
    reconnected = await fixture.connect(fixture.newInstance());
    return answer;
  };

  const token = await getAccessToken(instance.deps, accountOf(connection));
  const record = await recordOf(fixture, connection);

  expect(record).toMatchObject({ status: 'active', generation: connection.generation + 1 });
  expect(record?.grantId).not.toBe(connection.grantId);
  expect(record?.sealed).toEqual(reconnected?.sealed);
  expect(await fixture.isGood(token.accessToken.reveal())).toBe(true);
});

describe('a lease holder that dies', () => {
  // Each call has two steps, its request and its response: the app's record, the lease, the platform, the store, the event.
  const deaths = [
    ['before it has the lease', 2],
    ['when it gets its lease', 3],
    ['before its call', 4],
    ['right after it stored the result', 7],
    ['before it has published the event', 8],
  ] as const;

  it.each(deaths)(
    '%s leaves the connection to the next instance, with a single call in flight',
    async (_, steps) => {
      const doomed = fixture.newInstance();
      const connection = await warmConnection(doomed);

      const { result } = await runUntil(steps, () => refreshConnection(doomed.deps, connection));
      const began = fixture.time.now();
      const renewed = await askUntilDone(fixture, async ({ deps }) =>
        refreshConnection(deps, (await recordOf(fixture, connection)) ?? connection),
      );

      expect(result).toBe('died');
      expect(renewed).toMatchObject({ status: 'active' });
      expect(renewed.generation).toBeGreaterThan(connection.generation);
      expect(fixture.time.now() - began).toBeLessThanOrEqual(leaseMilliseconds + 5_000);
      expectNoRace(fixture);
    },
  );

  it.each([
    ['before it has read the answer', 5],
    ['before it has stored the answer', 6],
  ])('%s loses the rotated token, which one careful call detects', async (_, steps) => {
    const doomed = fixture.newInstance();
    const connection = await warmConnection(doomed);

    const { result } = await runUntil(steps, () => refreshConnection(doomed.deps, connection));
    const failure = await failureOf(askUntilDone(fixture, ({ deps }) => refreshConnection(deps, connection)));

    expect(result).toBe('died');
    expect(failure).toMatchObject({ code: 'TOKEN_EXPIRED', details: { reason: 'answer_lost' } });
    expect(tokenCalls(fixture)).toBe(2);
    expect(fixture.platform.calls().grants[0]?.maxTokenCallsInFlight).toBe(1);
  });

  /** A connection whose keys and secrets the instance holds in memory, so that its next refresh has the fewest steps. */
  async function warmConnection(instance: Instance) {
    const connection = await expiredConnection(fixture, instance);
    const renewed = await refreshConnection(instance.deps, connection);
    fixture.platform.control({ command: 'reset_calls' });
    return renewed;
  }
});

describe('a lease that slow reads have nearly used up', () => {
  it('is released without a call, because the call might outlive it', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    const slow = fixture.newInstance();
    const sluggish = {
      ...slow.deps,
      leases: {
        ...slow.deps.leases,
        take: async (...given: Parameters<typeof slow.deps.leases.take>) => {
          const taking = await slow.deps.leases.take(...given);
          fixture.time.advance(leaseMilliseconds / 2);
          return taking;
        },
      },
    };

    const failure = await failureOf(refreshConnection(sluggish, connection));
    const calls = tokenCalls(fixture);
    const token = await getAccessToken(fixture.newInstance().deps, accountOf(connection));

    expect(failure.code).toBe('TOKEN_REFRESH_ERROR');
    expect(calls).toBe(0);
    expect(await fixture.isGood(token.accessToken.reveal())).toBe(true);
  });
});

describe('a caller that waits for another lease holder', () => {
  it('never starts a call that its function’s time-out would cut off', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    const dead = await fixture.newInstance().deps.leases.take(connection.id, connection.generation, 15_000);
    const began = fixture.time.now();

    const failure = await failureOf(getAccessToken(fixture.newInstance().deps, accountOf(connection)));
    const waited = fixture.time.now() - began;
    const calls = tokenCalls(fixture);
    await askUntilServed(fixture, connection);

    expect(dead.kind).toBe('taken');
    expect(failure).toMatchObject({ code: 'TOKEN_REFRESH_ERROR', details: { reason: 'renewal_under_way' } });
    expect(waited).toBeGreaterThanOrEqual(15_000);
    expect(calls).toBe(0);
    expectNoRace(fixture);
  });

  it('takes over in time from a holder that died early', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    await fixture.newInstance().deps.leases.take(connection.id, connection.generation, 5_000);

    const token = await getAccessToken(fixture.newInstance().deps, accountOf(connection));

    expect(await fixture.isGood(token.accessToken.reveal())).toBe(true);
    expect(tokenCalls(fixture)).toBe(1);
  });
});
