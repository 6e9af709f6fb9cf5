/** A platform that refreshes no token below a minimum age: Hawser keeps the token and never serves it after its expiry. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { refreshToken } from '../../../lib/integrations/lifecycle/refresh-token.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import {
  accountOf,
  type LifecycleFixture,
  openLifecycleFixture,
} from '../../support/lifecycle/lifecycle-fixture.ts';
import { failureOf, lifetimeMilliseconds, recordOf, tokenCalls } from '../../support/lifecycle/steps.ts';

const day = 86_400_000;
let fixture: LifecycleFixture;

beforeAll(async () => {
  fixture = await openLifecycleFixture({ tokens: { minimumAgeSeconds: day / 1_000 } });
});
afterAll(() => fixture.close());
beforeEach(() => fixture.reset());

it('a requested refresh leaves a token younger than the minimum age unchanged', async () => {
  const connection = await fixture.connect(fixture.newInstance());
  fixture.platform.control({ command: 'reset_calls' });

  const view = await refreshToken(fixture.newInstance().deps, accountOf(connection));

  expect(view.status).toBe('active');
  expect(tokenCalls(fixture)).toBe(0);
  expect(await recordOf(fixture, connection)).toMatchObject({ generation: connection.generation });
});

it('the token route never serves a token that expired before its minimum refresh age, and refreshes it at that age', async () => {
  const connection = await fixture.connect(fixture.newInstance());
  fixture.time.advance(lifetimeMilliseconds);

  const failure = await failureOf(getAccessToken(fixture.newInstance().deps, accountOf(connection)));
  fixture.time.advance(day - lifetimeMilliseconds);
  const token = await getAccessToken(fixture.newInstance().deps, accountOf(connection));

  expect(failure).toMatchObject({ code: 'TOKEN_REFRESH_ERROR', details: { reason: 'not_renewed' } });
  expect(await fixture.isGood(token.accessToken.reveal())).toBe(true);
});
