import { describe, expect } from 'vitest';
import type { Fault } from '../../../infra/local/sandbox/control/control.ts';
import { leaseMilliseconds } from '../../../lib/integrations/lifecycle/refresh-token.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import { lifecycleTest } from '../../support/fixtures/lifecycle.ts';
import { accountOf, type LifecycleFixture } from '../../support/lifecycle/lifecycle-fixture.ts';
import {
  askUntilServed,
  expectNoRace,
  expiredConnection,
  failureOf,
  lifetimeMilliseconds,
  recordOf,
  refreshConnection,
  tokenCalls,
} from '../../support/lifecycle/steps.ts';

const it = lifecycleTest({ timeoutMilliseconds: 700 });

describe('a platform that fails temporarily', () => {
  it('is called by no instance before its Retry-After has passed', async ({ lifecycle }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    lifecycle.inject({ kind: 'rate_limited', retryAfterSeconds: 120 });

    const first = await failureOf(getAccessToken(lifecycle.newInstance().deps, accountOf(connection)));
    lifecycle.time.advance(119_000);
    const second = await failureOf(getAccessToken(lifecycle.newInstance().deps, accountOf(connection)));
    await sweepAndWork(lifecycle);
    const callsBefore = tokenCalls(lifecycle);
    lifecycle.time.advance(1_000);
    const token = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));

    expect([first.code, first.retryAfterSeconds]).toEqual(['TOKEN_REFRESH_ERROR', 120]);
    expect([second.code, second.retryAfterSeconds]).toEqual(['TOKEN_REFRESH_ERROR', 1]);
    expect(callsBefore).toBe(1);
    expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
  });

  it.for<readonly [string, Fault]>([
    ['500', { kind: 'status', status: 500, body: 'json' }],
    ['503 in HTML', { kind: 'status', status: 503, body: 'html' }],
    ['400 in HTML', { kind: 'status', status: 400, body: 'html' }],
    ['404', { kind: 'status', status: 404, body: 'json', json: {} }],
    ['a redirect', { kind: 'redirect', status: 302, location: 'https://elsewhere.example/' }],
  ])('delays the refresh but loses no connection when it answers %s', async ([, fault], { lifecycle }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    lifecycle.inject(fault, { calls: 3 });

    const failure = await failureOf(getAccessToken(lifecycle.newInstance().deps, accountOf(connection)));
    const meanwhile = await recordOf(lifecycle, connection);
    const token = await askUntilServed(lifecycle, connection);

    expect(failure).toMatchObject({ code: 'TOKEN_REFRESH_ERROR', retryAfterSeconds: 1 });
    expect(meanwhile).toMatchObject({ status: 'active', failures: 1 });
    expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
    expect((await recordOf(lifecycle, connection))?.failures).toBeUndefined();
    expectNoRace(lifecycle);
  });

  it('is called at most once a minute by the sweep, and by the first caller after it recovers', async ({
    lifecycle,
  }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    lifecycle.inject({ kind: 'status', status: 500, body: 'json' }, { calls: 12 });

    const attempts: number[] = [];
    for (let minute = 0; minute < 14; minute += 1) {
      await sweepAndWork(lifecycle);
      attempts.push(tokenCalls(lifecycle));
      lifecycle.time.advance(60_000);
    }

    expect(await recordOf(lifecycle, connection)).toMatchObject({
      status: 'active',
      generation: connection.generation + 1,
    });
    // One call a minute at most, and the thirteenth finds the platform well again.
    expect(attempts.every((calls, minute) => calls <= minute + 1)).toBe(true);
    expect(attempts.at(-1)).toBe(13);
  });
});

describe('a lost refresh response', () => {
  const lost: readonly (readonly [string, Fault])[] = [
    ['times out', { kind: 'hold_answer' }],
    ['breaks off with the connection', { kind: 'lose_answer' }],
    ['ends half-way', { kind: 'half_body', afterwards: 'close' }],
    ['stalls half-way', { kind: 'half_body', afterwards: 'stall' }],
    ['is not JSON', { kind: 'garbage_body' }],
    ['is an HTML page under 200', { kind: 'status', status: 200, body: 'html' }],
  ];

  it.for(lost)(
    'blocks further calls until its own call must have ended when it %s',
    async ([, fault], { lifecycle }) => {
      const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
      lifecycle.inject(fault);

      const first = await failureOf(getAccessToken(lifecycle.newInstance().deps, accountOf(connection)));
      lifecycle.time.advance((first.retryAfterSeconds ?? 0) * 1_000 - 1_500);
      await sweepAndWork(lifecycle);
      const early = tokenCalls(lifecycle);

      expect(first).toMatchObject({ code: 'TOKEN_REFRESH_ERROR', details: { reason: 'answer_lost' } });
      expect(first.retryAfterSeconds).toBeGreaterThanOrEqual(19);
      expect(early).toBe(1);
      expect(await recordOf(lifecycle, connection)).toMatchObject({ status: 'active' });
    },
  );

  it('is not what a body beyond the size cap is: the tokens before the cap are kept', async ({
    lifecycle,
  }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    lifecycle.inject({ kind: 'oversized_body', bytes: 2_000_000 });

    const token = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));

    expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
    expect(tokenCalls(lifecycle)).toBe(1);
  });

  it.for(lost)(
    'costs one more call, which saves the connection, when it %s and the token still works',
    async ([, fault], { lifecycle }) => {
      lifecycle.platform.control({ command: 'set_modes', modes: { rotation: 'fixed' } });
      const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
      lifecycle.inject(fault);

      const token = await askUntilServed(lifecycle, connection);

      expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
      expect(tokenCalls(lifecycle)).toBe(2);
      expectNoRace(lifecycle);
    },
  );

  it('ends the connection, and gives the reason, when the platform had rotated the token', async ({
    lifecycle,
  }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    lifecycle.inject({ kind: 'lose_answer' });

    const failure = await failureOf(askUntilServed(lifecycle, connection));
    const events = await lifecycle.queues.events();

    expect(failure).toMatchObject({ code: 'TOKEN_EXPIRED', details: { reason: 'answer_lost' } });
    expect(await recordOf(lifecycle, connection)).toMatchObject({
      status: 'reconnect_required',
      statusReason: 'answer_lost',
    });
    expect(events).toMatchObject([{ type: 'connection.reconnect_required' }]);
    expect(tokenCalls(lifecycle)).toBe(2);
  });

  it('leaves the connection in doubt when the careful retry fails temporarily, and so is not mistaken for an ended grant', async ({
    lifecycle,
  }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    lifecycle.inject({ kind: 'lose_answer' });
    lifecycle.inject({ kind: 'rate_limited', retryAfterSeconds: 5 });

    const failure = await failureOf(askUntilServed(lifecycle, connection));

    expect(failure.details).toMatchObject({ reason: 'answer_lost' });
    expect(tokenCalls(lifecycle)).toBe(3);
  });
});

describe('an invalid_grant response', () => {
  it('ends the connection when no other instance has used the token', async ({ lifecycle }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    lifecycle.platform.control({ command: 'kill_grants' });

    const failure = await failureOf(getAccessToken(lifecycle.newInstance().deps, accountOf(connection)));
    const again = await failureOf(getAccessToken(lifecycle.newInstance().deps, accountOf(connection)));

    expect(failure).toMatchObject({ code: 'TOKEN_EXPIRED', details: { reason: 'invalid_grant' } });
    expect(again.code).toBe('TOKEN_EXPIRED');
    expect(tokenCalls(lifecycle)).toBe(1);
  });

  it('withdraws an access token that would still have been valid', async ({ lifecycle }) => {
    const connection = await lifecycle.connect(lifecycle.newInstance());
    lifecycle.time.advance(lifetimeMilliseconds - 60_000);
    lifecycle.platform.control({ command: 'kill_grants' });

    const failure = await failureOf(getAccessToken(lifecycle.newInstance().deps, accountOf(connection)));

    expect(failure.code).toBe('TOKEN_EXPIRED');
  });

  it('is ignored when a concurrent instance has refreshed, and that instance’s token is served', async ({
    lifecycle,
  }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    const slow = lifecycle.newInstance();
    const rival = lifecycle.newInstance();
    // The slow one is held up before its call leaves, for longer than its lease lasts.
    let token: Awaited<ReturnType<typeof getAccessToken>> | undefined;
    lifecycle.platformCall = async (call) => {
      lifecycle.platformCall = (other) => other();
      lifecycle.time.advance(25_000);
      token = await getAccessToken(rival.deps, accountOf(connection));
      return call();
    };

    const served = await getAccessToken(slow.deps, accountOf(connection));

    expect(served.accessToken.reveal()).toBe(token?.accessToken.reveal());
    expect(await recordOf(lifecycle, connection)).toMatchObject({
      status: 'active',
      generation: connection.generation + 1,
    });
    expect((await lifecycle.queues.events()).map(({ type }) => type)).toEqual(['connection.refreshed']);
  });
});

describe('an invalid_grant response while another instance’s call is in flight', () => {
  it('waits for that call to decide, so that no tenant hears of an end that did not happen', async ({
    lifecycle,
  }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    const rotated = Promise.withResolvers<void>();
    let rival: ReturnType<typeof getAccessToken> | undefined;
    lifecycle.platformCall = async (late) => {
      lifecycle.platformCall = async (call) => {
        const answer = await call();
        rotated.resolve();
        // The late one has its refusal long before this answer is here.
        await lifecycle.time.sleep(500);
        return answer;
      };
      lifecycle.time.advance(leaseMilliseconds + 500);
      rival = getAccessToken(lifecycle.newInstance().deps, accountOf(connection));
      await lifecycle.time.during(() => rotated.promise);
      return late();
    };

    const served = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));

    expect(served.accessToken.reveal()).toBe((await rival)?.accessToken.reveal());
    expect((await lifecycle.queues.events()).map(({ type }) => type)).toEqual(['connection.refreshed']);
    expect(tokenCalls(lifecycle)).toBe(2);
  });
});

describe('an invalid_client response', () => {
  it('causes one more call with the re-read secret if the secret has changed meanwhile', async ({
    lifecycle,
  }) => {
    const instance = lifecycle.newInstance();
    const connection = await expiredConnection(lifecycle, instance);
    const refreshed = await refreshConnection(instance.deps, connection);
    await lifecycle.register('s4ndb0x-rotated-secret');

    const again = await refreshConnection(instance.deps, refreshed);

    expect(again).toMatchObject({ status: 'active', generation: connection.generation + 2 });
    expect(tokenCalls(lifecycle)).toBe(3);
    expect(lifecycle.counted).not.toContainEqual(expect.objectContaining({ name: 'refresh_misconfigured' }));
  });

  it('is treated as a misconfigured app: no user has to reconnect, and refreshes succeed once the operator has fixed it', async ({
    lifecycle,
  }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    await lifecycle.register('s4ndb0x-secret-nobody-told-us', 'platform');

    const failure = await failureOf(getAccessToken(lifecycle.newInstance().deps, accountOf(connection)));
    const meanwhile = await recordOf(lifecycle, connection);
    await lifecycle.register('s4ndb0x-mended-secret');
    lifecycle.time.advance(5_000);
    const token = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));

    expect(failure).toMatchObject({ code: 'TOKEN_REFRESH_ERROR', details: { reason: 'invalid_client' } });
    expect(meanwhile).toMatchObject({ status: 'misconfigured', statusReason: 'invalid_client' });
    expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
    expect((await lifecycle.queues.events()).map(({ type }) => type).toSorted()).toEqual([
      'connection.misconfigured',
      'connection.recovered',
    ]);
  });

  it('gives the operator ten minutes before the sweep tries again', async ({ lifecycle }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    await lifecycle.register('s4ndb0x-secret-nobody-told-us', 'platform');
    await failureOf(getAccessToken(lifecycle.newInstance().deps, accountOf(connection)));

    for (let minute = 0; minute < 9; minute += 1) {
      await sweepAndWork(lifecycle);
      lifecycle.time.advance(60_000);
    }
    const early = tokenCalls(lifecycle);
    await lifecycle.register('s4ndb0x-mended-secret');
    lifecycle.time.advance(120_000);
    await sweepAndWork(lifecycle);

    expect(early).toBe(1);
    expect(await recordOf(lifecycle, connection)).toMatchObject({
      status: 'active',
      generation: connection.generation + 1,
    });
  });

  it('the worker postpones connections of an unregistered app without filling the dead-letter queue', async ({
    lifecycle,
  }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    await lifecycle.unregister();

    for (let minute = 0; minute < 8; minute += 1) {
      await sweepAndWork(lifecycle);
      lifecycle.time.advance(60_000);
    }
    const dead = await lifecycle.queues.dead('refresh');
    await lifecycle.register();
    const token = await askUntilServed(lifecycle, connection);

    expect(dead).toEqual([]);
    expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
  });
});

describe('an incomplete or implausible refresh response', () => {
  it('without a refresh token leaves the old one in place', async ({ lifecycle }) => {
    lifecycle.platform.control({ command: 'set_modes', modes: { rotation: 'fixed' } });
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    lifecycle.inject({ kind: 'without_refresh_token' });

    const first = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));
    lifecycle.time.advance(lifetimeMilliseconds);
    const second = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));

    expect(second.accessToken.reveal()).not.toBe(first.accessToken.reveal());
    expect(await recordOf(lifecycle, connection)).toMatchObject({
      status: 'active',
      generation: connection.generation + 2,
    });
  });

  it.for([-1, 0, 1e12, 'soon', '', null])(
    'with an expires_in of %j gets the usual lifetime',
    async (value, { lifecycle }) => {
      const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
      lifecycle.inject({ kind: 'expires_in', value });

      const token = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));

      expect(Date.parse(token.expiresAt ?? '')).toBe(lifecycle.time.now() + lifetimeMilliseconds);
    },
  );

  it('with a lifetime of one second never has its token served', async ({ lifecycle }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    lifecycle.inject({ kind: 'expires_in', value: 1 });

    const first = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));
    lifecycle.time.advance(1_000);
    const second = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));

    expect(second.accessToken.reveal()).not.toBe(first.accessToken.reveal());
    expectNoRace(lifecycle);
  });
});

it('the token route serves a valid token through every temporary refresh failure', async ({ lifecycle }) => {
  const connection = await lifecycle.connect(lifecycle.newInstance());
  lifecycle.time.advance(lifetimeMilliseconds - 60_000);
  lifecycle.inject({ kind: 'status', status: 500, body: 'json' });

  const served = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));
  const failure = await failureOf(refreshConnection(lifecycle.newInstance().deps, connection));

  expect(await lifecycle.isGood(served.accessToken.reveal())).toBe(true);
  expect(failure.code).toBe('TOKEN_REFRESH_ERROR');
});

async function sweepAndWork(lifecycle: LifecycleFixture): Promise<void> {
  const instance = lifecycle.newInstance();
  await lifecycle.queues.sweep(instance);
  await lifecycle.queues.work('refresh', instance);
}
