/** A platform that renews nothing before a token has reached an age: the token is kept, and not served beyond its end. */
import { expect } from 'vitest';
import { refreshToken } from '../../../lib/integrations/lifecycle/refresh-token.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import { lifecycleTest } from '../../support/fixtures/lifecycle.ts';
import { accountOf } from '../../support/lifecycle/lifecycle-fixture.ts';
import { failureOf, lifetimeMilliseconds, recordOf, tokenCalls } from '../../support/lifecycle/steps.ts';

const day = 86_400_000;

const it = lifecycleTest({ tokens: { minimumAgeSeconds: day / 1_000 } });

it('leaves a young token as it is when a refresh is asked for', async ({ lifecycle }) => {
  const connection = await lifecycle.connect(lifecycle.newInstance());
  lifecycle.platform.control({ command: 'reset_calls' });

  const view = await refreshToken(lifecycle.newInstance().deps, accountOf(connection));

  expect(view.status).toBe('active');
  expect(tokenCalls(lifecycle)).toBe(0);
  expect(await recordOf(lifecycle, connection)).toMatchObject({ generation: connection.generation });
});

it('serves no token that ended before it was old enough to be renewed, and renews it then', async ({
  lifecycle,
}) => {
  const connection = await lifecycle.connect(lifecycle.newInstance());
  lifecycle.time.advance(lifetimeMilliseconds);

  const failure = await failureOf(getAccessToken(lifecycle.newInstance().deps, accountOf(connection)));
  lifecycle.time.advance(day - lifetimeMilliseconds);
  const token = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));

  expect(failure).toMatchObject({ code: 'TOKEN_REFRESH_ERROR', details: { reason: 'not_renewed' } });
  expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
});
