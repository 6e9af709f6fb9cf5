/** Disconnecting while refreshes are in flight, platforms are down, users reconnect and instances die. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SealedConnection } from '../../../lib/connections/connection.ts';
import { disconnectIntegration } from '../../../lib/integrations/disconnect/disconnect-integration.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import {
  accountOf,
  type LifecycleFixture,
  openLifecycleFixture,
} from '../../support/lifecycle/lifecycle-fixture.ts';
import { runUntil } from '../../support/lifecycle/process.ts';
import {
  expiredConnection,
  failureOf,
  lifetimeMilliseconds,
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

const disconnect = (connection: SealedConnection) =>
  disconnectIntegration(fixture.newInstance().deps, accountOf(connection));

describe('a disconnect with a refresh in flight', () => {
  it('waits for the refresh, revokes with its token and serves that token to no caller', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    let disconnected: ReturnType<typeof disconnect> | undefined;
    fixture.platformCall = async (call) => {
      fixture.platformCall = (other) => other();
      const answer = await call();
      disconnected = disconnect(connection);
      // The disconnect has marked the connection and waits for this very call.
      await fixture.time.sleep(3_000);
      return answer;
    };

    const refused = await failureOf(getAccessToken(fixture.newInstance().deps, accountOf(connection)));
    const outcome = await disconnected;

    expect(refused.code).toBe('ACCOUNT_NOT_FOUND');
    expect(outcome).toMatchObject({ disconnected: true, revocation: 'revoked' });
    expect(await recordOf(fixture, connection)).toBeUndefined();
    expectNoGrant();
  });

  it('stops the token route from serving a still valid token, even if the refresh failed', async () => {
    const connection = await fixture.connect(fixture.newInstance());
    fixture.time.advance(lifetimeMilliseconds - 60_000);
    fixture.inject({ kind: 'status', status: 500, body: 'json' });
    fixture.platformCall = async (call) => {
      fixture.platformCall = (other) => other();
      const answer = await call();
      const { deps } = fixture.newInstance();
      const record = await recordOf(fixture, connection);
      if (record) await deps.connections.change(record, { status: 'disconnecting' });
      return answer;
    };

    const refused = await failureOf(getAccessToken(fixture.newInstance().deps, accountOf(connection)));

    expect(refused.code).toBe('ACCOUNT_NOT_FOUND');
  });

  it('does not wait forever for a dead lease holder: the sweep resumes it', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    await fixture.newInstance().deps.leases.take(connection.id, connection.generation, 20_000);

    const first = await disconnect(connection);
    const refused = await failureOf(getAccessToken(fixture.newInstance().deps, accountOf(connection)));
    await minutesPass(2);

    expect(first.revocation).toBe('revoke_pending');
    expect(refused.code).toBe('ACCOUNT_NOT_FOUND');
    expect(await recordOf(fixture, connection)).toBeUndefined();
    expectNoGrant();
  });
});

describe('a disconnect while the platform is down', () => {
  it('stays pending, serves no token, and is finished once by the sweep, with one event', async () => {
    const connection = await fixture.connect(fixture.newInstance());
    await fixture.queues.empty('events');
    fixture.inject({ kind: 'status', status: 503, body: 'json' }, { endpoint: 'revoke', calls: 3 });

    const first = await disconnect(connection);
    const meanwhile = await recordOf(fixture, connection);
    const refused = await failureOf(
      refreshConnection(fixture.newInstance().deps, meanwhile ?? connection),
    ).catch(() => undefined);
    await minutesPass(8);

    expect(first.revocation).toBe('revoke_pending');
    expect(meanwhile).toMatchObject({ status: 'disconnecting', failures: 1 });
    expect(refused).toBeUndefined();
    expect(await recordOf(fixture, connection)).toBeUndefined();
    expectNoGrant();
    expect(
      (await fixture.queues.events()).filter(({ type }) => type === 'connection.disconnected'),
    ).toMatchObject([{ data: { revocation: 'revoked' } }]);
  });

  it('treats a lost revocation response as a failure and calls again', async () => {
    const connection = await fixture.connect(fixture.newInstance());
    fixture.inject({ kind: 'lose_answer' }, { endpoint: 'revoke' });

    const first = await disconnect(connection);
    await minutesPass(3);

    expect(first.revocation).toBe('revoke_pending');
    expect(await recordOf(fixture, connection)).toBeUndefined();
    expectNoGrant();
  });
});

it('does not report "revoked" for a grant whose token it could not present', async () => {
  const instance = fixture.newInstance();
  const connection = await expiredConnection(fixture, instance);
  // The platform rotated the token for a process that is no more; nobody holds its successor.
  fixture.inject({ kind: 'lose_answer' });
  await failureOf(getAccessToken(instance.deps, accountOf(connection)));
  fixture.time.advance(20_000);

  const { revocation } = await disconnect(connection);

  expect(revocation).toBe('not_supported');
  expect(await recordOf(fixture, connection)).toBeUndefined();
});

it('a reconnect takes the account back at any stage of a disconnect', async () => {
  const connection = await fixture.connect(fixture.newInstance());
  fixture.inject({ kind: 'status', status: 503, body: 'json' }, { endpoint: 'revoke' });
  await disconnect(connection);

  const reconnected = await fixture.connect(fixture.newInstance());
  await minutesPass(3);
  const token = await getAccessToken(fixture.newInstance().deps, accountOf(reconnected));

  expect(reconnected).toMatchObject({ id: connection.id, status: 'active' });
  expect(reconnected.generation).toBe(connection.generation + 1);
  expect(await fixture.isGood(token.accessToken.reveal())).toBe(true);
});

it('a disconnect does not delete credentials that a reconnect stored while the platform confirmed the revocation', async () => {
  const connection = await fixture.connect(fixture.newInstance());
  const consented = await fixture.consent(fixture.newInstance());
  fixture.platformCall = async (call) => {
    fixture.platformCall = (other) => other();
    // The user is back just before the platform hears of the revocation.
    await fixture.time.during(() => consented.finish());
    return call();
  };

  await disconnect(connection);

  expect(await recordOf(fixture, connection)).toMatchObject({
    id: connection.id,
    status: 'active',
    generation: connection.generation + 1,
  });
});

it('a disconnect that dies at any step ends in revocation, deletion and one event', {
  timeout: 90_000,
}, async () => {
  for (let steps = 0; ; steps += 1) {
    const instance = fixture.newInstance();
    const connection = await fixture.connect(instance);
    await fixture.queues.empty('events');

    const { result } = await runUntil(steps, () =>
      disconnectIntegration(instance.deps, accountOf(connection)),
    );
    const begun = (await recordOf(fixture, connection))?.status !== 'active';
    for (let minute = 0; minute < 3 && begun && (await recordOf(fixture, connection)); minute += 1) {
      await minutesPass(1);
    }

    const events = (await fixture.queues.events()).filter(({ type }) => type === 'connection.disconnected');
    if (begun) {
      expect(await recordOf(fixture, connection)).toBeUndefined();
      expectNoGrant();
      expect(new Set(events.map(({ id }) => id)).size).toBe(1);
    }
    if (result !== 'died') return;
    await fixture.reset();
  }
});

it('a disconnect waits for another instance’s refresh and spends no token twice', async () => {
  const connection = await expiredConnection(fixture, fixture.newInstance());

  const [token, outcome] = await Promise.all([
    getAccessToken(fixture.newInstance().deps, accountOf(connection)).catch((error: unknown) => error),
    disconnect(connection),
  ]);

  expect(token).toBeDefined();
  expect(outcome.disconnected).toBe(true);
  await minutesPass(2);
  expect(await recordOf(fixture, connection)).toBeUndefined();
  expectNoGrant();
  expect(tokenCalls(fixture)).toBeLessThanOrEqual(2);
  expect(fixture.platform.calls().refreshTokenReuses).toBe(0);
});

function expectNoGrant(): void {
  expect(fixture.platform.control({ command: 'kill_grants' })).toEqual({ ok: true, affected: 0 });
}

async function minutesPass(minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    fixture.time.advance(60_000);
    const instance = fixture.newInstance();
    await fixture.queues.sweep(instance);
    await fixture.queues.work('refresh', instance);
  }
}
