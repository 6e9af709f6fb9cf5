import { describe, expect } from 'vitest';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import { it } from '../../support/fixtures/lifecycle.ts';
import { accountOf } from '../../support/lifecycle/lifecycle-fixture.ts';
import {
  askUntilServed,
  expectNoRace,
  expiredConnection,
  recordOf,
  tokenCalls,
} from '../../support/lifecycle/steps.ts';

const hour = 3_600_000;
const day = 24 * hour;

describe('a clock that jumps forward by a day', () => {
  it('causes one refresh of each apparently expired token and ends no connection', async ({ lifecycle }) => {
    const connection = await lifecycle.connect(lifecycle.newInstance());
    lifecycle.time.advance(day);
    const instance = lifecycle.newInstance();

    await lifecycle.queues.sweep(instance);
    await lifecycle.queues.work('refresh', instance);
    const token = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));

    expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
    expect(await recordOf(lifecycle, connection)).toMatchObject({ status: 'active' });
    expect(tokenCalls(lifecycle)).toBe(1);
    expectNoRace(lifecycle);
  });

  it('during a refresh call does not prevent storing its result', async ({ lifecycle }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    lifecycle.platformCall = async (call) => {
      const answer = await call();
      lifecycle.time.advance(day);
      return answer;
    };

    await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));

    expect(await recordOf(lifecycle, connection)).toMatchObject({
      status: 'active',
      generation: connection.generation + 1,
    });
  });
});

describe('a clock that jumps back by an hour', () => {
  it('does not extend a dead holder’s lease by an hour', async ({ lifecycle }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    await lifecycle.newInstance().deps.leases.take(connection.id, connection.generation, 20_000);
    lifecycle.time.advance(-hour);

    // By this clock the token has an hour left; only a refresh by request meets the lease.
    lifecycle.time.advance(hour - 100_000);
    const token = await askUntilServed(lifecycle, connection);

    expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
    expect(tokenCalls(lifecycle)).toBe(1);
  });

  it('does not extend a platform’s Retry-After by an hour', async ({ lifecycle }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    lifecycle.inject({ kind: 'rate_limited', retryAfterSeconds: 30 });
    await getAccessToken(lifecycle.newInstance().deps, accountOf(connection)).catch(() => undefined);
    lifecycle.time.advance(-hour);
    const began = lifecycle.time.now();

    const { deps } = lifecycle.newInstance();
    await askUntilServed(lifecycle, connection);

    expect(deps.now() - began).toBeLessThan(60_000);
    expect(await recordOf(lifecycle, connection)).toMatchObject({ status: 'active' });
  });
});

it('the token route does not trust an expiry that was stored while the clock was wrong', async ({
  lifecycle,
}) => {
  const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
  lifecycle.time.advance(day);
  await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));
  lifecycle.time.advance(-day);
  // At the platform the token lives for two hours from now; by its record it would for a day and two hours.
  lifecycle.platform.control({ command: 'expire_access_tokens' });

  const token = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));

  expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
});
