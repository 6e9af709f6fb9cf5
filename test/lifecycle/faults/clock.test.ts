/** The clock jumps forward by a day, back by an hour, or forward and back. No connection is stuck or lost, and no expired token is served. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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
  recordOf,
  tokenCalls,
} from '../../support/lifecycle/steps.ts';

const hour = 3_600_000;
const day = 24 * hour;
let fixture: LifecycleFixture;

beforeAll(async () => {
  fixture = await openLifecycleFixture();
});
afterAll(() => fixture.close());
beforeEach(() => fixture.reset());

describe('a clock that jumps forward by a day', () => {
  it('causes one refresh of each apparently expired token and ends no connection', async () => {
    const connection = await fixture.connect(fixture.newInstance());
    fixture.time.advance(day);
    const instance = fixture.newInstance();

    await fixture.queues.sweep(instance);
    await fixture.queues.work('refresh', instance);
    const token = await getAccessToken(fixture.newInstance().deps, accountOf(connection));

    expect(await fixture.isGood(token.accessToken.reveal())).toBe(true);
    expect(await recordOf(fixture, connection)).toMatchObject({ status: 'active' });
    expect(tokenCalls(fixture)).toBe(1);
    expectNoRace(fixture);
  });

  it('during a refresh call does not prevent storing its result', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    fixture.platformCall = async (call) => {
      const answer = await call();
      fixture.time.advance(day);
      return answer;
    };

    await getAccessToken(fixture.newInstance().deps, accountOf(connection));

    expect(await recordOf(fixture, connection)).toMatchObject({
      status: 'active',
      generation: connection.generation + 1,
    });
  });
});

describe('a clock that jumps back by an hour', () => {
  it('does not extend a dead holder’s lease by an hour', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    await fixture.newInstance().deps.leases.take(connection.id, connection.generation, 20_000);
    fixture.time.advance(-hour);

    // By this clock the token has an hour left; only a refresh by request meets the lease.
    fixture.time.advance(hour - 100_000);
    const token = await askUntilServed(fixture, connection);

    expect(await fixture.isGood(token.accessToken.reveal())).toBe(true);
    expect(tokenCalls(fixture)).toBe(1);
  });

  it('does not extend a platform’s Retry-After by an hour', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    fixture.inject({ kind: 'rate_limited', retryAfterSeconds: 30 });
    await getAccessToken(fixture.newInstance().deps, accountOf(connection)).catch(() => undefined);
    fixture.time.advance(-hour);
    const began = fixture.time.now();

    const { deps } = fixture.newInstance();
    await askUntilServed(fixture, connection);

    expect(deps.now() - began).toBeLessThan(60_000);
    expect(await recordOf(fixture, connection)).toMatchObject({ status: 'active' });
  });
});

it('the token route does not trust an expiry that was stored while the clock was wrong', async () => {
  const connection = await expiredConnection(fixture, fixture.newInstance());
  fixture.time.advance(day);
  await getAccessToken(fixture.newInstance().deps, accountOf(connection));
  fixture.time.advance(-day);
  // At the platform the token lives for two hours from now; by its record it would for a day and two hours.
  fixture.platform.control({ command: 'expire_access_tokens' });

  const token = await getAccessToken(fixture.newInstance().deps, accountOf(connection));

  expect(await fixture.isGood(token.accessToken.reveal())).toBe(true);
});
