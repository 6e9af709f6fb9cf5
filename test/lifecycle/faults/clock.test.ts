/** The clock jumps: forward by a day, back by an hour, forward and right again. Nothing is stuck, lost or served after its end. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import { askUntilServed, expectNoRace, expiredConnection, recordOf, tokenCalls } from '../steps.ts';
import { accountOf, openWorld, type World } from '../world.ts';

const hour = 3_600_000;
const day = 24 * hour;
let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(() => world.reset());

describe('forward by a day', () => {
  it('renews what then seems to have ended, once, and ends nothing', async () => {
    const connection = await world.connect(world.newInstance());
    world.time.advance(day);
    const instance = world.newInstance();

    await world.queues.sweep(instance);
    await world.queues.work('refresh', instance);
    const token = await getAccessToken(world.newInstance().deps, accountOf(connection));

    expect(await world.isGood(token.accessToken.reveal())).toBe(true);
    expect(await recordOf(world, connection)).toMatchObject({ status: 'active' });
    expect(tokenCalls(world)).toBe(1);
    expectNoRace(world);
  });

  it('in the middle of a call stores what the call brings', async () => {
    const connection = await expiredConnection(world, world.newInstance());
    world.platformCall = async (call) => {
      const answer = await call();
      world.time.advance(day);
      return answer;
    };

    await getAccessToken(world.newInstance().deps, accountOf(connection));

    expect(await recordOf(world, connection)).toMatchObject({
      status: 'active',
      generation: connection.generation + 1,
    });
  });
});

describe('back by an hour', () => {
  it('does not let a dead holder keep its lease for an hour', async () => {
    const connection = await expiredConnection(world, world.newInstance());
    await world.newInstance().deps.leases.take(connection.id, connection.generation, 20_000);
    world.time.advance(-hour);

    // By this clock the token has an hour left; only a refresh by request meets the lease.
    world.time.advance(hour - 100_000);
    const token = await askUntilServed(world, connection);

    expect(await world.isGood(token.accessToken.reveal())).toBe(true);
    expect(tokenCalls(world)).toBe(1);
  });

  it('does not lengthen the pause that a platform asked for by an hour', async () => {
    const connection = await expiredConnection(world, world.newInstance());
    world.inject({ kind: 'rate_limited', retryAfterSeconds: 30 });
    await getAccessToken(world.newInstance().deps, accountOf(connection)).catch(() => undefined);
    world.time.advance(-hour);
    const began = world.time.now();

    const { deps } = world.newInstance();
    await askUntilServed(world, connection);

    expect(deps.now() - began).toBeLessThan(60_000);
    expect(await recordOf(world, connection)).toMatchObject({ status: 'active' });
  });
});

it('forward and right again does not serve a token by a clock that was wrong', async () => {
  const connection = await expiredConnection(world, world.newInstance());
  world.time.advance(day);
  await getAccessToken(world.newInstance().deps, accountOf(connection));
  world.time.advance(-day);
  // At the platform the token lives for two hours from now; by its record it would for a day and two hours.
  world.platform.control({ command: 'expire_access_tokens' });

  const token = await getAccessToken(world.newInstance().deps, accountOf(connection));

  expect(await world.isGood(token.accessToken.reveal())).toBe(true);
});
