import { describe, expect } from 'vitest';
import type { SealedConnection } from '../../../lib/connections/connection.ts';
import { leaseMilliseconds } from '../../../lib/integrations/lifecycle/refresh-token.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import { it } from '../../support/fixtures/lifecycle.ts';
import type { Instance } from '../../support/lifecycle/function-instance.ts';
import { accountOf, type LifecycleFixture } from '../../support/lifecycle/lifecycle-fixture.ts';
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

it('simultaneous callers share one refresh call, in one instance or in many', async ({ lifecycle }) => {
  const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
  const instances = Array.from({ length: 6 }, () => lifecycle.newInstance());

  const tokens = await Promise.all(
    [...instances, ...instances].map(({ deps }) => getAccessToken(deps, accountOf(connection))),
  );

  expect(new Set(tokens.map(({ accessToken }) => accessToken.reveal())).size).toBe(1);
  expect(tokenCalls(lifecycle)).toBe(1);
});

it('a refresh whose lease expired mid-call still stores its success and overturns an end declared meanwhile', async ({
  lifecycle,
}) => {
  const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
  const slow = lifecycle.newInstance();
  lifecycle.platformCall = async (call) => {
    lifecycle.platformCall = (other) => other();
    const answer = await call();
    // The platform has rotated the token; its answer is on the way for longer than the lease lasts.
    lifecycle.time.advance(leaseMilliseconds + 5_000);
    const rival = await failureOf(getAccessToken(lifecycle.newInstance().deps, accountOf(connection)));
    expect(rival).toMatchObject({ code: 'TOKEN_EXPIRED', details: { reason: 'answer_lost' } });
    return answer;
  };

  const token = await getAccessToken(slow.deps, accountOf(connection));
  const events = await lifecycle.queues.events();

  expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
  expect(await recordOf(lifecycle, connection)).toMatchObject({
    status: 'active',
    generation: connection.generation + 1,
  });
  expect(events.map(({ type }) => type).toSorted()).toEqual([
    'connection.reconnect_required',
    'connection.recovered',
  ]);
});

it('a user’s reconnect prevails over a late refresh, whose tokens are revoked', async ({ lifecycle }) => {
  const instance = lifecycle.newInstance();
  const connection = await expiredConnection(lifecycle, instance);
  let reconnected: SealedConnection | undefined;
  lifecycle.platformCall = async (call) => {
    lifecycle.platformCall = (other) => other();
    const answer = await call();
    reconnected = await lifecycle.connect(lifecycle.newInstance());
    return answer;
  };

  const token = await getAccessToken(instance.deps, accountOf(connection));
  const record = await recordOf(lifecycle, connection);

  expect(record).toMatchObject({ status: 'active', generation: connection.generation + 1 });
  expect(record?.grantId).not.toBe(connection.grantId);
  expect(record?.sealed).toEqual(reconnected?.sealed);
  expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
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

  it.for(deaths)(
    '%s leaves the connection to the next instance, with a single call in flight',
    async ([, steps], { lifecycle }) => {
      const doomed = lifecycle.newInstance();
      const connection = await warmConnection(lifecycle, doomed);

      const { result } = await runUntil(steps, () => refreshConnection(doomed.deps, connection));
      const began = lifecycle.time.now();
      const refreshed = await askUntilDone(lifecycle, async ({ deps }) =>
        refreshConnection(deps, (await recordOf(lifecycle, connection)) ?? connection),
      );

      expect(result).toBe('died');
      expect(refreshed).toMatchObject({ status: 'active' });
      expect(refreshed.generation).toBeGreaterThan(connection.generation);
      expect(lifecycle.time.now() - began).toBeLessThanOrEqual(leaseMilliseconds + 5_000);
      expectNoRace(lifecycle);
    },
  );

  it.for([
    ['before it has read the answer', 5],
    ['before it has stored the answer', 6],
  ] as const)(
    '%s loses the rotated token, which one careful call detects',
    async ([, steps], { lifecycle }) => {
      const doomed = lifecycle.newInstance();
      const connection = await warmConnection(lifecycle, doomed);

      const { result } = await runUntil(steps, () => refreshConnection(doomed.deps, connection));
      const failure = await failureOf(
        askUntilDone(lifecycle, ({ deps }) => refreshConnection(deps, connection)),
      );

      expect(result).toBe('died');
      expect(failure).toMatchObject({ code: 'TOKEN_EXPIRED', details: { reason: 'answer_lost' } });
      expect(tokenCalls(lifecycle)).toBe(2);
      expect(lifecycle.platform.calls().grants[0]?.maxTokenCallsInFlight).toBe(1);
    },
  );

  /** A connection whose keys and secrets the instance holds in memory, so that its next refresh has the fewest steps. */
  async function warmConnection(lifecycle: LifecycleFixture, instance: Instance) {
    const connection = await expiredConnection(lifecycle, instance);
    const refreshed = await refreshConnection(instance.deps, connection);
    lifecycle.platform.control({ command: 'reset_calls' });
    return refreshed;
  }
});

describe('a lease that slow reads have nearly used up', () => {
  it('is released without a call, because the call might outlive it', async ({ lifecycle }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    const slow = lifecycle.newInstance();
    const sluggish = {
      ...slow.deps,
      leases: {
        ...slow.deps.leases,
        take: async (...given: Parameters<typeof slow.deps.leases.take>) => {
          const taking = await slow.deps.leases.take(...given);
          lifecycle.time.advance(leaseMilliseconds / 2);
          return taking;
        },
      },
    };

    const failure = await failureOf(refreshConnection(sluggish, connection));
    const calls = tokenCalls(lifecycle);
    const token = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));

    expect(failure.code).toBe('TOKEN_REFRESH_ERROR');
    expect(calls).toBe(0);
    expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
  });
});

describe('a caller that waits for another lease holder', () => {
  it('never starts a call that its function’s time-out would cut off', async ({ lifecycle }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    const dead = await lifecycle.newInstance().deps.leases.take(connection.id, connection.generation, 15_000);
    const began = lifecycle.time.now();

    const failure = await failureOf(getAccessToken(lifecycle.newInstance().deps, accountOf(connection)));
    const waited = lifecycle.time.now() - began;
    const calls = tokenCalls(lifecycle);
    await askUntilServed(lifecycle, connection);

    expect(dead.kind).toBe('taken');
    expect(failure).toMatchObject({
      code: 'TOKEN_REFRESH_ERROR',
      details: { reason: 'refresh_in_progress' },
    });
    expect(waited).toBeGreaterThanOrEqual(15_000);
    expect(calls).toBe(0);
    expectNoRace(lifecycle);
  });

  it('takes over in time from a holder that died early', async ({ lifecycle }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    await lifecycle.newInstance().deps.leases.take(connection.id, connection.generation, 5_000);

    const token = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));

    expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
    expect(tokenCalls(lifecycle)).toBe(1);
  });
});
