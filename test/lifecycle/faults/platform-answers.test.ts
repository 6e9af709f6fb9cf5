/** Every way in which a platform can answer a renewal wrongly, late or not at all, and what becomes of the connection. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../../infra/local/sandbox/control/control.ts';
import { leaseMilliseconds } from '../../../lib/integrations/lifecycle/refresh-token.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import {
  accountOf,
  type LifecycleFixture,
  openLifecycleFixture,
} from '../../support/lifecycle/lifecycle-fixture.ts';
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

let fixture: LifecycleFixture;

beforeAll(async () => {
  fixture = await openLifecycleFixture({ timeoutMilliseconds: 700 });
});
afterAll(() => fixture.close());
beforeEach(() => fixture.reset());

describe('a platform that refuses for now', () => {
  it('is not asked again before the time that its Retry-After names, by whoever it may be', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    fixture.inject({ kind: 'rate_limited', retryAfterSeconds: 120 });

    const first = await failureOf(getAccessToken(fixture.newInstance().deps, accountOf(connection)));
    fixture.time.advance(119_000);
    const second = await failureOf(getAccessToken(fixture.newInstance().deps, accountOf(connection)));
    await sweepAndWork();
    const callsBefore = tokenCalls(fixture);
    fixture.time.advance(1_000);
    const token = await getAccessToken(fixture.newInstance().deps, accountOf(connection));

    expect([first.code, first.retryAfterSeconds]).toEqual(['TOKEN_REFRESH_ERROR', 120]);
    expect([second.code, second.retryAfterSeconds]).toEqual(['TOKEN_REFRESH_ERROR', 1]);
    expect(callsBefore).toBe(1);
    expect(await fixture.isGood(token.accessToken.reveal())).toBe(true);
  });

  it.each<readonly [string, Fault]>([
    ['500', { kind: 'status', status: 500, body: 'json' }],
    ['503 in HTML', { kind: 'status', status: 503, body: 'html' }],
    ['400 in HTML', { kind: 'status', status: 400, body: 'html' }],
    ['404', { kind: 'status', status: 404, body: 'json', json: {} }],
    ['a redirect', { kind: 'redirect', status: 302, location: 'https://elsewhere.example/' }],
  ])('costs nothing but time when it answers %s', async (_, fault) => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    fixture.inject(fault, { calls: 3 });

    const failure = await failureOf(getAccessToken(fixture.newInstance().deps, accountOf(connection)));
    const meanwhile = await recordOf(fixture, connection);
    const token = await askUntilServed(fixture, connection);

    expect(failure).toMatchObject({ code: 'TOKEN_REFRESH_ERROR', retryAfterSeconds: 1 });
    expect(meanwhile).toMatchObject({ status: 'active', failures: 1 });
    expect(await fixture.isGood(token.accessToken.reveal())).toBe(true);
    expect((await recordOf(fixture, connection))?.failures).toBeUndefined();
    expectNoRace(fixture);
  });

  it('is asked once a minute at most by the sweep, and by the first one after its return', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    fixture.inject({ kind: 'status', status: 500, body: 'json' }, { calls: 12 });

    const attempts: number[] = [];
    for (let minute = 0; minute < 14; minute += 1) {
      await sweepAndWork();
      attempts.push(tokenCalls(fixture));
      fixture.time.advance(60_000);
    }

    expect(await recordOf(fixture, connection)).toMatchObject({
      status: 'active',
      generation: connection.generation + 1,
    });
    // One call a minute at most, and the thirteenth finds the platform well again.
    expect(attempts.every((calls, minute) => calls <= minute + 1)).toBe(true);
    expect(attempts.at(-1)).toBe(13);
  });
});

describe('an answer that is lost', () => {
  const lost: readonly (readonly [string, Fault])[] = [
    ['does not come in time', { kind: 'hold_answer' }],
    ['breaks off with the connection', { kind: 'lose_answer' }],
    ['breaks off half-way', { kind: 'half_body', afterwards: 'close' }],
    ['stalls half-way', { kind: 'half_body', afterwards: 'stall' }],
    ['is no JSON', { kind: 'garbage_body' }],
    ['is an HTML page under 200', { kind: 'status', status: 200, body: 'html' }],
  ];

  it.each(lost)('keeps everybody from the token until the call must be over when it %s', async (_, fault) => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    fixture.inject(fault);

    const first = await failureOf(getAccessToken(fixture.newInstance().deps, accountOf(connection)));
    fixture.time.advance((first.retryAfterSeconds ?? 0) * 1_000 - 1_500);
    await sweepAndWork();
    const early = tokenCalls(fixture);

    expect(first).toMatchObject({ code: 'TOKEN_REFRESH_ERROR', details: { reason: 'answer_lost' } });
    expect(first.retryAfterSeconds).toBeGreaterThanOrEqual(19);
    expect(early).toBe(1);
    expect(await recordOf(fixture, connection)).toMatchObject({ status: 'active' });
  });

  it.each(lost)(
    'saves the connection with one more call when it %s and the token still works',
    async (_, fault) => {
      fixture.platform.control({ command: 'set_modes', modes: { rotation: 'fixed' } });
      const connection = await expiredConnection(fixture, fixture.newInstance());
      fixture.inject(fault);

      const token = await askUntilServed(fixture, connection);

      expect(await fixture.isGood(token.accessToken.reveal())).toBe(true);
      expect(tokenCalls(fixture)).toBe(2);
      expectNoRace(fixture);
    },
  );

  it('is not what a body beyond the size cap is: the tokens before the cap are kept', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    fixture.inject({ kind: 'oversized_body', bytes: 2_000_000 });

    const token = await getAccessToken(fixture.newInstance().deps, accountOf(connection));

    expect(await fixture.isGood(token.accessToken.reveal())).toBe(true);
    expect(tokenCalls(fixture)).toBe(1);
  });

  it('ends the connection when the platform had rotated the token, and says why', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    fixture.inject({ kind: 'lose_answer' });

    const failure = await failureOf(askUntilServed(fixture, connection));
    const events = await fixture.queues.events();

    expect(failure).toMatchObject({ code: 'TOKEN_EXPIRED', details: { reason: 'answer_lost' } });
    expect(await recordOf(fixture, connection)).toMatchObject({
      status: 'reconnect_required',
      statusReason: 'answer_lost',
    });
    expect(events).toMatchObject([{ type: 'connection.reconnect_required' }]);
    expect(tokenCalls(fixture)).toBe(2);
  });

  it('stays in doubt when the careful retry is refused for now, and so is told apart from a dead grant', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    fixture.inject({ kind: 'lose_answer' });
    fixture.inject({ kind: 'rate_limited', retryAfterSeconds: 5 });

    const failure = await failureOf(askUntilServed(fixture, connection));

    expect(failure.details).toMatchObject({ reason: 'answer_lost' });
    expect(tokenCalls(fixture)).toBe(3);
  });
});

describe('invalid_grant', () => {
  it('ends the connection when nobody else has touched the token', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    fixture.platform.control({ command: 'kill_grants' });

    const failure = await failureOf(getAccessToken(fixture.newInstance().deps, accountOf(connection)));
    const again = await failureOf(getAccessToken(fixture.newInstance().deps, accountOf(connection)));

    expect(failure).toMatchObject({ code: 'TOKEN_EXPIRED', details: { reason: 'invalid_grant' } });
    expect(again.code).toBe('TOKEN_EXPIRED');
    expect(tokenCalls(fixture)).toBe(1);
  });

  it('takes a token away that would have been valid for a while', async () => {
    const connection = await fixture.connect(fixture.newInstance());
    fixture.time.advance(lifetimeMilliseconds - 60_000);
    fixture.platform.control({ command: 'kill_grants' });

    const failure = await failureOf(getAccessToken(fixture.newInstance().deps, accountOf(connection)));

    expect(failure.code).toBe('TOKEN_EXPIRED');
  });

  it('counts for nothing after a rival has refreshed: the rival’s token is served', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    const slow = fixture.newInstance();
    const rival = fixture.newInstance();
    // The slow one is held up before its call leaves, for longer than its lease lasts.
    let token: Awaited<ReturnType<typeof getAccessToken>> | undefined;
    fixture.platformCall = async (call) => {
      fixture.platformCall = (other) => other();
      fixture.time.advance(25_000);
      token = await getAccessToken(rival.deps, accountOf(connection));
      return call();
    };

    const served = await getAccessToken(slow.deps, accountOf(connection));

    expect(served.accessToken.reveal()).toBe(token?.accessToken.reveal());
    expect(await recordOf(fixture, connection)).toMatchObject({
      status: 'active',
      generation: connection.generation + 1,
    });
    expect((await fixture.queues.events()).map(({ type }) => type)).toEqual(['connection.refreshed']);
  });
});

describe('invalid_grant while a rival’s call is under way', () => {
  it('is the rival’s to explain: nobody is told of an end that is none', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    const rotated = Promise.withResolvers<void>();
    let rival: ReturnType<typeof getAccessToken> | undefined;
    fixture.platformCall = async (late) => {
      fixture.platformCall = async (call) => {
        const answer = await call();
        rotated.resolve();
        // The late one has its refusal long before this answer is here.
        await fixture.time.sleep(500);
        return answer;
      };
      fixture.time.advance(leaseMilliseconds + 500);
      rival = getAccessToken(fixture.newInstance().deps, accountOf(connection));
      await fixture.time.during(() => rotated.promise);
      return late();
    };

    const served = await getAccessToken(fixture.newInstance().deps, accountOf(connection));

    expect(served.accessToken.reveal()).toBe((await rival)?.accessToken.reveal());
    expect((await fixture.queues.events()).map(({ type }) => type)).toEqual(['connection.refreshed']);
    expect(tokenCalls(fixture)).toBe(2);
  });
});

describe('invalid_client', () => {
  it('makes one more call with a secret read afresh, when the secret was changed meanwhile', async () => {
    const instance = fixture.newInstance();
    const connection = await expiredConnection(fixture, instance);
    const renewed = await refreshConnection(instance.deps, connection);
    await fixture.register('s4ndb0x-rotated-secret');

    const again = await refreshConnection(instance.deps, renewed);

    expect(again).toMatchObject({ status: 'active', generation: connection.generation + 2 });
    expect(tokenCalls(fixture)).toBe(3);
    expect(fixture.counted).not.toContainEqual(expect.objectContaining({ name: 'refresh_misconfigured' }));
  });

  it('is our own fault: no user is sent to reconnect, and all is well once the operator has mended it', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    await fixture.register('s4ndb0x-secret-nobody-told-us', 'platform');

    const failure = await failureOf(getAccessToken(fixture.newInstance().deps, accountOf(connection)));
    const meanwhile = await recordOf(fixture, connection);
    await fixture.register('s4ndb0x-mended-secret');
    fixture.time.advance(5_000);
    const token = await getAccessToken(fixture.newInstance().deps, accountOf(connection));

    expect(failure).toMatchObject({ code: 'TOKEN_REFRESH_ERROR', details: { reason: 'invalid_client' } });
    expect(meanwhile).toMatchObject({ status: 'misconfigured', statusReason: 'invalid_client' });
    expect(await fixture.isGood(token.accessToken.reveal())).toBe(true);
    expect((await fixture.queues.events()).map(({ type }) => type).toSorted()).toEqual([
      'connection.misconfigured',
      'connection.recovered',
    ]);
  });

  it('is left to the operator for ten minutes before the sweep tries again', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    await fixture.register('s4ndb0x-secret-nobody-told-us', 'platform');
    await failureOf(getAccessToken(fixture.newInstance().deps, accountOf(connection)));

    for (let minute = 0; minute < 9; minute += 1) {
      await sweepAndWork();
      fixture.time.advance(60_000);
    }
    const early = tokenCalls(fixture);
    await fixture.register('s4ndb0x-mended-secret');
    fixture.time.advance(120_000);
    await sweepAndWork();

    expect(early).toBe(1);
    expect(await recordOf(fixture, connection)).toMatchObject({
      status: 'active',
      generation: connection.generation + 1,
    });
  });

  it('postpones the connections of an app that is not registered any more, without filling the dead letters', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    await fixture.unregister();

    for (let minute = 0; minute < 8; minute += 1) {
      await sweepAndWork();
      fixture.time.advance(60_000);
    }
    const dead = await fixture.queues.dead('refresh');
    await fixture.register();
    const token = await askUntilServed(fixture, connection);

    expect(dead).toEqual([]);
    expect(await fixture.isGood(token.accessToken.reveal())).toBe(true);
  });
});

describe('an answer that leaves something out or makes something up', () => {
  it('keeps the refresh token when it brings none', async () => {
    fixture.platform.control({ command: 'set_modes', modes: { rotation: 'fixed' } });
    const connection = await expiredConnection(fixture, fixture.newInstance());
    fixture.inject({ kind: 'without_refresh_token' });

    const first = await getAccessToken(fixture.newInstance().deps, accountOf(connection));
    fixture.time.advance(lifetimeMilliseconds);
    const second = await getAccessToken(fixture.newInstance().deps, accountOf(connection));

    expect(second.accessToken.reveal()).not.toBe(first.accessToken.reveal());
    expect(await recordOf(fixture, connection)).toMatchObject({
      status: 'active',
      generation: connection.generation + 2,
    });
  });

  it.each([-1, 0, 1e12, 'soon', '', null])(
    'assumes the usual lifetime for an expires_in of %j',
    async (value) => {
      const connection = await expiredConnection(fixture, fixture.newInstance());
      fixture.inject({ kind: 'expires_in', value });

      const token = await getAccessToken(fixture.newInstance().deps, accountOf(connection));

      expect(Date.parse(token.expiresAt ?? '')).toBe(fixture.time.now() + lifetimeMilliseconds);
    },
  );

  it('does not serve a token that lived for a second only', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    fixture.inject({ kind: 'expires_in', value: 1 });

    const first = await getAccessToken(fixture.newInstance().deps, accountOf(connection));
    fixture.time.advance(1_000);
    const second = await getAccessToken(fixture.newInstance().deps, accountOf(connection));

    expect(second.accessToken.reveal()).not.toBe(first.accessToken.reveal());
    expectNoRace(fixture);
  });
});

it('serves a valid token through every passing trouble of its renewal', async () => {
  const connection = await fixture.connect(fixture.newInstance());
  fixture.time.advance(lifetimeMilliseconds - 60_000);
  fixture.inject({ kind: 'status', status: 500, body: 'json' });

  const served = await getAccessToken(fixture.newInstance().deps, accountOf(connection));
  const failure = await failureOf(refreshConnection(fixture.newInstance().deps, connection));

  expect(await fixture.isGood(served.accessToken.reveal())).toBe(true);
  expect(failure.code).toBe('TOKEN_REFRESH_ERROR');
});

async function sweepAndWork(): Promise<void> {
  const instance = fixture.newInstance();
  await fixture.queues.sweep(instance);
  await fixture.queues.work('refresh', instance);
}
