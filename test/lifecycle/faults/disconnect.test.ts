import { describe, expect } from 'vitest';
import type { SealedConnection } from '../../../lib/connections/connection.ts';
import { disconnectIntegration } from '../../../lib/integrations/disconnect/disconnect-integration.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import { it } from '../../support/fixtures/lifecycle.ts';
import { accountOf, type LifecycleFixture } from '../../support/lifecycle/lifecycle-fixture.ts';
import { runUntil } from '../../support/lifecycle/process.ts';
import {
  expiredConnection,
  failureOf,
  lifetimeMilliseconds,
  recordOf,
  refreshConnection,
  tokenCalls,
} from '../../support/lifecycle/steps.ts';

const disconnect = (lifecycle: LifecycleFixture, connection: SealedConnection) =>
  disconnectIntegration(lifecycle.newInstance().deps, accountOf(connection));

describe('a disconnect with a refresh in flight', () => {
  it('waits for the refresh, revokes with its token and serves that token to no caller', async ({
    lifecycle,
  }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    let disconnected: ReturnType<typeof disconnect> | undefined;
    lifecycle.platformCall = async (call) => {
      lifecycle.platformCall = (other) => other();
      const answer = await call();
      disconnected = disconnect(lifecycle, connection);
      // The disconnect has marked the connection and waits for this very call.
      await lifecycle.time.sleep(3_000);
      return answer;
    };

    const refused = await failureOf(getAccessToken(lifecycle.newInstance().deps, accountOf(connection)));
    const outcome = await disconnected;

    expect(refused.code).toBe('ACCOUNT_NOT_FOUND');
    expect(outcome).toMatchObject({ disconnected: true, revocation: 'revoked' });
    expect(await recordOf(lifecycle, connection)).toBeUndefined();
    expectNoGrant(lifecycle);
  });

  it('stops the token route from serving a still valid token, even if the refresh failed', async ({
    lifecycle,
  }) => {
    const connection = await lifecycle.connect(lifecycle.newInstance());
    lifecycle.time.advance(lifetimeMilliseconds - 60_000);
    lifecycle.inject({ kind: 'status', status: 500, body: 'json' });
    lifecycle.platformCall = async (call) => {
      lifecycle.platformCall = (other) => other();
      const answer = await call();
      const { deps } = lifecycle.newInstance();
      const record = await recordOf(lifecycle, connection);
      if (record) await deps.connections.change(record, { status: 'disconnecting' });
      return answer;
    };

    const refused = await failureOf(getAccessToken(lifecycle.newInstance().deps, accountOf(connection)));

    expect(refused.code).toBe('ACCOUNT_NOT_FOUND');
  });

  it('does not wait forever for a dead lease holder: the sweep resumes it', async ({ lifecycle }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    await lifecycle.newInstance().deps.leases.take(connection.id, connection.generation, 20_000);

    const first = await disconnect(lifecycle, connection);
    const refused = await failureOf(getAccessToken(lifecycle.newInstance().deps, accountOf(connection)));
    await minutesPass(lifecycle, 2);

    expect(first.revocation).toBe('revoke_pending');
    expect(refused.code).toBe('ACCOUNT_NOT_FOUND');
    expect(await recordOf(lifecycle, connection)).toBeUndefined();
    expectNoGrant(lifecycle);
  });
});

describe('a disconnect while the platform is down', () => {
  it('stays pending, serves no token, and is finished once by the sweep, with one event', async ({
    lifecycle,
  }) => {
    const connection = await lifecycle.connect(lifecycle.newInstance());
    await lifecycle.queues.empty('events');
    lifecycle.inject({ kind: 'status', status: 503, body: 'json' }, { endpoint: 'revoke', calls: 3 });

    const first = await disconnect(lifecycle, connection);
    const meanwhile = await recordOf(lifecycle, connection);
    const refused = await failureOf(
      refreshConnection(lifecycle.newInstance().deps, meanwhile ?? connection),
    ).catch(() => undefined);
    await minutesPass(lifecycle, 8);

    expect(first.revocation).toBe('revoke_pending');
    expect(meanwhile).toMatchObject({ status: 'disconnecting', failures: 1 });
    expect(refused).toBeUndefined();
    expect(await recordOf(lifecycle, connection)).toBeUndefined();
    expectNoGrant(lifecycle);
    expect(
      (await lifecycle.queues.events()).filter(({ type }) => type === 'connection.disconnected'),
    ).toMatchObject([{ data: { revocation: 'revoked' } }]);
  });

  it('treats a lost revocation response as a failure and calls again', async ({ lifecycle }) => {
    const connection = await lifecycle.connect(lifecycle.newInstance());
    lifecycle.inject({ kind: 'lose_answer' }, { endpoint: 'revoke' });

    const first = await disconnect(lifecycle, connection);
    await minutesPass(lifecycle, 3);

    expect(first.revocation).toBe('revoke_pending');
    expect(await recordOf(lifecycle, connection)).toBeUndefined();
    expectNoGrant(lifecycle);
  });
});

it('does not report "revoked" for a grant whose token it could not present', async ({ lifecycle }) => {
  const instance = lifecycle.newInstance();
  const connection = await expiredConnection(lifecycle, instance);
  // The platform rotated the token for a process that is no more; nobody holds its successor.
  lifecycle.inject({ kind: 'lose_answer' });
  await failureOf(getAccessToken(instance.deps, accountOf(connection)));
  lifecycle.time.advance(20_000);

  const { revocation } = await disconnect(lifecycle, connection);

  expect(revocation).toBe('not_supported');
  expect(await recordOf(lifecycle, connection)).toBeUndefined();
});

it('a reconnect takes the account back at any stage of a disconnect', async ({ lifecycle }) => {
  const connection = await lifecycle.connect(lifecycle.newInstance());
  lifecycle.inject({ kind: 'status', status: 503, body: 'json' }, { endpoint: 'revoke' });
  await disconnect(lifecycle, connection);

  const reconnected = await lifecycle.connect(lifecycle.newInstance());
  await minutesPass(lifecycle, 3);
  const token = await getAccessToken(lifecycle.newInstance().deps, accountOf(reconnected));

  expect(reconnected).toMatchObject({ id: connection.id, status: 'active' });
  expect(reconnected.generation).toBe(connection.generation + 1);
  expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
});

it('a disconnect does not delete credentials that a reconnect stored while the platform confirmed the revocation', async ({
  lifecycle,
}) => {
  const connection = await lifecycle.connect(lifecycle.newInstance());
  const consented = await lifecycle.consent(lifecycle.newInstance());
  lifecycle.platformCall = async (call) => {
    lifecycle.platformCall = (other) => other();
    // The user is back just before the platform hears of the revocation.
    await lifecycle.time.during(() => consented.finish());
    return call();
  };

  await disconnect(lifecycle, connection);

  expect(await recordOf(lifecycle, connection)).toMatchObject({
    id: connection.id,
    status: 'active',
    generation: connection.generation + 1,
  });
});

it('a disconnect that dies at any step ends in revocation, deletion and one event', async ({ lifecycle }) => {
  for (let steps = 0; ; steps += 1) {
    const instance = lifecycle.newInstance();
    const connection = await lifecycle.connect(instance);
    await lifecycle.queues.empty('events');

    const { result } = await runUntil(steps, () =>
      disconnectIntegration(instance.deps, accountOf(connection)),
    );
    const begun = (await recordOf(lifecycle, connection))?.status !== 'active';
    for (let minute = 0; minute < 3 && begun && (await recordOf(lifecycle, connection)); minute += 1) {
      await minutesPass(lifecycle, 1);
    }

    const events = (await lifecycle.queues.events()).filter(({ type }) => type === 'connection.disconnected');
    if (begun) {
      expect(await recordOf(lifecycle, connection)).toBeUndefined();
      expectNoGrant(lifecycle);
      expect(new Set(events.map(({ id }) => id)).size).toBe(1);
    }
    if (result !== 'died') return;
    await lifecycle.reset();
  }
});

it('a disconnect waits for another instance’s refresh and spends no token twice', async ({ lifecycle }) => {
  const connection = await expiredConnection(lifecycle, lifecycle.newInstance());

  const [token, outcome] = await Promise.all([
    getAccessToken(lifecycle.newInstance().deps, accountOf(connection)).catch((error: unknown) => error),
    disconnect(lifecycle, connection),
  ]);

  expect(token).toBeDefined();
  expect(outcome.disconnected).toBe(true);
  await minutesPass(lifecycle, 2);
  expect(await recordOf(lifecycle, connection)).toBeUndefined();
  expectNoGrant(lifecycle);
  expect(tokenCalls(lifecycle)).toBeLessThanOrEqual(2);
  expect(lifecycle.platform.calls().refreshTokenReuses).toBe(0);
});

function expectNoGrant(lifecycle: LifecycleFixture): void {
  expect(lifecycle.platform.control({ command: 'kill_grants' })).toEqual({ ok: true, affected: 0 });
}

async function minutesPass(lifecycle: LifecycleFixture, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    lifecycle.time.advance(60_000);
    const instance = lifecycle.newInstance();
    await lifecycle.queues.sweep(instance);
    await lifecycle.queues.work('refresh', instance);
  }
}
