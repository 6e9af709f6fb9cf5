import { expect } from 'vitest';
import { refreshToken } from '../../../lib/integrations/lifecycle/refresh-token.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import { lifecycleTest } from '../../support/fixtures/lifecycle.ts';
import { accountOf } from '../../support/lifecycle/lifecycle-fixture.ts';
import { failureOf, lifetimeMilliseconds, recordOf, tokenCalls } from '../../support/lifecycle/steps.ts';

const day = 86_400_000;

const it = lifecycleTest({ tokens: { minimumAgeSeconds: day / 1_000 } });

it('a requested refresh leaves a token younger than the minimum age unchanged', async ({ lifecycle }) => {
  const connection = await lifecycle.connect(lifecycle.newInstance());
  lifecycle.platform.control({ command: 'reset_calls' });

  const view = await refreshToken(lifecycle.newInstance().deps, accountOf(connection));

  expect(view.status).toBe('active');
  expect(tokenCalls(lifecycle)).toBe(0);
  expect(await recordOf(lifecycle, connection)).toMatchObject({ generation: connection.generation });
});

it('the token route never serves a token that expired before its minimum refresh age, and refreshes it at that age', async ({
  lifecycle,
}) => {
  const connection = await lifecycle.connect(lifecycle.newInstance());
  lifecycle.time.advance(lifetimeMilliseconds);

  const failure = await failureOf(getAccessToken(lifecycle.newInstance().deps, accountOf(connection)));
  lifecycle.time.advance(day - lifetimeMilliseconds);
  const token = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));

  expect(failure).toMatchObject({ code: 'TOKEN_REFRESH_ERROR', details: { reason: 'not_refreshed' } });
  expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
});
