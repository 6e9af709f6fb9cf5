/** Letting go while everything else goes on: refreshes in flight, platforms that are down, users who come back, processes that die. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SealedConnection } from '../../../lib/connections/connection.ts';
import { disconnectIntegration } from '../../../lib/integrations/disconnect/disconnect-integration.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import { runUntil } from '../process.ts';
import {
  expiredConnection,
  failureOf,
  lifetimeMilliseconds,
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

const disconnect = (connection: SealedConnection) =>
  disconnectIntegration(world.newInstance().deps, accountOf(connection));

describe('with a refresh in flight', () => {
  it('waits it out, revokes with the token it brings, and hands that token to nobody', async () => {
    const connection = await expiredConnection(world, world.newInstance());
    let disconnected: ReturnType<typeof disconnect> | undefined;
    world.platformCall = async (call) => {
      world.platformCall = (other) => other();
      const answer = await call();
      disconnected = disconnect(connection);
      // The disconnect has marked the connection and waits for this very call.
      await world.time.sleep(3_000);
      return answer;
    };

    const refused = await failureOf(getAccessToken(world.newInstance().deps, accountOf(connection)));
    const outcome = await disconnected;

    expect(refused.code).toBe('ACCOUNT_NOT_FOUND');
    expect(outcome).toMatchObject({ disconnected: true, revocation: 'revoked' });
    expect(await recordOf(world, connection)).toBeUndefined();
    expectNoGrant();
  });

  it('serves no token that is still valid once the disconnect has begun, though its renewal failed', async () => {
    const connection = await world.connect(world.newInstance());
    world.time.advance(lifetimeMilliseconds - 60_000);
    world.inject({ kind: 'status', status: 500, body: 'json' });
    world.platformCall = async (call) => {
      world.platformCall = (other) => other();
      const answer = await call();
      const { deps } = world.newInstance();
      const record = await recordOf(world, connection);
      if (record) await deps.connections.change(record, { status: 'disconnecting' });
      return answer;
    };

    const refused = await failureOf(getAccessToken(world.newInstance().deps, accountOf(connection)));

    expect(refused.code).toBe('ACCOUNT_NOT_FOUND');
  });

  it('does not wait for ever: the sweep goes on after a holder that died', async () => {
    const connection = await expiredConnection(world, world.newInstance());
    await world.newInstance().deps.leases.take(connection.id, connection.generation, 20_000);

    const first = await disconnect(connection);
    const refused = await failureOf(getAccessToken(world.newInstance().deps, accountOf(connection)));
    await minutesPass(2);

    expect(first.revocation).toBe('revoke_pending');
    expect(refused.code).toBe('ACCOUNT_NOT_FOUND');
    expect(await recordOf(world, connection)).toBeUndefined();
    expectNoGrant();
  });
});

describe('at a platform that is down', () => {
  it('is pending, hands no token out, and is finished by the sweep once, with one event', async () => {
    const connection = await world.connect(world.newInstance());
    await world.queues.empty('events');
    world.inject({ kind: 'status', status: 503, body: 'json' }, { endpoint: 'revoke', calls: 3 });

    const first = await disconnect(connection);
    const meanwhile = await recordOf(world, connection);
    const refused = await failureOf(
      refreshConnection(world.newInstance().deps, meanwhile ?? connection),
    ).catch(() => undefined);
    await minutesPass(8);

    expect(first.revocation).toBe('revoke_pending');
    expect(meanwhile).toMatchObject({ status: 'disconnecting', failures: 1 });
    expect(refused).toBeUndefined();
    expect(await recordOf(world, connection)).toBeUndefined();
    expectNoGrant();
    expect(
      (await world.queues.events()).filter(({ type }) => type === 'connection.disconnected'),
    ).toMatchObject([{ data: { revocation: 'revoked' } }]);
  });

  it('takes an answer that was lost for no answer, and asks again', async () => {
    const connection = await world.connect(world.newInstance());
    world.inject({ kind: 'lose_answer' }, { endpoint: 'revoke' });

    const first = await disconnect(connection);
    await minutesPass(3);

    expect(first.revocation).toBe('revoke_pending');
    expect(await recordOf(world, connection)).toBeUndefined();
    expectNoGrant();
  });
});

it('says "revoked" of no grant that it could not show a token to', async () => {
  const instance = world.newInstance();
  const connection = await expiredConnection(world, instance);
  // The platform rotated the token for a process that is no more; nobody holds its successor.
  world.inject({ kind: 'lose_answer' });
  await failureOf(getAccessToken(instance.deps, accountOf(connection)));
  world.time.advance(20_000);

  const { revocation } = await disconnect(connection);

  expect(revocation).toBe('not_supported');
  expect(await recordOf(world, connection)).toBeUndefined();
});

it('lets a reconnect take the account back, whatever the disconnect was doing', async () => {
  const connection = await world.connect(world.newInstance());
  world.inject({ kind: 'status', status: 503, body: 'json' }, { endpoint: 'revoke' });
  await disconnect(connection);

  const reconnected = await world.connect(world.newInstance());
  await minutesPass(3);
  const token = await getAccessToken(world.newInstance().deps, accountOf(reconnected));

  expect(reconnected).toMatchObject({ id: connection.id, status: 'active' });
  expect(reconnected.generation).toBe(connection.generation + 1);
  expect(await world.isGood(token.accessToken.reveal())).toBe(true);
});

it('does not delete what a reconnect stored while the platform confirmed the revocation', async () => {
  const connection = await world.connect(world.newInstance());
  const consented = await world.consent(world.newInstance());
  world.platformCall = async (call) => {
    world.platformCall = (other) => other();
    // The user is back just before the platform hears of the revocation.
    await world.time.during(() => consented.finish());
    return call();
  };

  await disconnect(connection);

  expect(await recordOf(world, connection)).toMatchObject({
    id: connection.id,
    status: 'active',
    generation: connection.generation + 1,
  });
});

it('ends in revocation, deletion and one event at whatever step it dies', { timeout: 90_000 }, async () => {
  for (let steps = 0; ; steps += 1) {
    const instance = world.newInstance();
    const connection = await world.connect(instance);
    await world.queues.empty('events');

    const { result } = await runUntil(steps, () =>
      disconnectIntegration(instance.deps, accountOf(connection)),
    );
    const begun = (await recordOf(world, connection))?.status !== 'active';
    for (let minute = 0; minute < 3 && begun && (await recordOf(world, connection)); minute += 1) {
      await minutesPass(1);
    }

    const events = (await world.queues.events()).filter(({ type }) => type === 'connection.disconnected');
    if (begun) {
      expect(await recordOf(world, connection)).toBeUndefined();
      expectNoGrant();
      expect(new Set(events.map(({ id }) => id)).size).toBe(1);
    }
    if (result !== 'died') return;
    await world.reset();
  }
});

it('waits out the renewal of somebody else who meets it, and spends no token twice', async () => {
  const connection = await expiredConnection(world, world.newInstance());

  const [token, outcome] = await Promise.all([
    getAccessToken(world.newInstance().deps, accountOf(connection)).catch((error: unknown) => error),
    disconnect(connection),
  ]);

  expect(token).toBeDefined();
  expect(outcome.disconnected).toBe(true);
  await minutesPass(2);
  expect(await recordOf(world, connection)).toBeUndefined();
  expectNoGrant();
  expect(tokenCalls(world)).toBeLessThanOrEqual(2);
  expect(world.platform.calls().refreshTokenReuses).toBe(0);
});

function expectNoGrant(): void {
  expect(world.platform.control({ command: 'kill_grants' })).toEqual({ ok: true, affected: 0 });
}

async function minutesPass(minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    world.time.advance(60_000);
    const instance = world.newInstance();
    await world.queues.sweep(instance);
    await world.queues.work('refresh', instance);
  }
}
