/** A platform that renews nothing before a token has reached an age: the token is kept, and not served beyond its end. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { refreshToken } from '../../../lib/integrations/lifecycle/refresh-token.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import { failureOf, lifetimeMilliseconds, recordOf, tokenCalls } from '../steps.ts';
import { accountOf, openWorld, type World } from '../world.ts';

const day = 86_400_000;
let world: World;

beforeAll(async () => {
  world = await openWorld({ tokens: { minimumAgeSeconds: day / 1_000 } });
});
afterAll(() => world.close());
beforeEach(() => world.reset());

it('leaves a young token as it is when a refresh is asked for', async () => {
  const connection = await world.connect(world.newInstance());
  world.platform.control({ command: 'reset_calls' });

  const view = await refreshToken(world.newInstance().deps, accountOf(connection));

  expect(view.status).toBe('active');
  expect(tokenCalls(world)).toBe(0);
  expect(await recordOf(world, connection)).toMatchObject({ generation: connection.generation });
});

it('serves no token that ended before it was old enough to be renewed, and renews it then', async () => {
  const connection = await world.connect(world.newInstance());
  world.time.advance(lifetimeMilliseconds);

  const failure = await failureOf(getAccessToken(world.newInstance().deps, accountOf(connection)));
  world.time.advance(day - lifetimeMilliseconds);
  const token = await getAccessToken(world.newInstance().deps, accountOf(connection));

  expect(failure).toMatchObject({ code: 'TOKEN_REFRESH_ERROR', details: { reason: 'not_renewed' } });
  expect(await world.isGood(token.accessToken.reveal())).toBe(true);
});
