/** KMS or Secrets Manager is away: nothing is spent that could not be sealed, and what is in memory serves on. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import { expiredConnection, failureOf, lifetimeMilliseconds, recordOf, tokenCalls } from '../steps.ts';
import { accountOf, openWorld, type World } from '../world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(() => world.reset());

const away = { error: 'InternalFailure', status: 500 } as const;

describe.each([
  ['KMS', 'kms:'],
  ['Secrets Manager', 'secretsmanager:'],
])('%s away', (_, service) => {
  it('means no lease and no call, and all is well after', async () => {
    const connection = await expiredConnection(world, world.newInstance());
    let writes = 0;
    world.fault = ({ action }) => {
      if (action === 'dynamodb:PutItem' || action === 'dynamodb:UpdateItem') writes += 1;
      return action.startsWith(service) ? away : undefined;
    };

    const failure = await failureOf(getAccessToken(world.newInstance().deps, accountOf(connection)));
    world.fault = undefined;
    const callsBefore = tokenCalls(world);
    const token = await getAccessToken(world.newInstance().deps, accountOf(connection));

    expect(failure.code).toBe('VAULT_ERROR');
    expect([writes, callsBefore]).toEqual([0, 0]);
    expect(await world.isGood(token.accessToken.reveal())).toBe(true);
  });

  it('makes the worker wait in the record and not in the queue, and fills no dead letters', async () => {
    const connection = await expiredConnection(world, world.newInstance());
    world.fault = ({ action }) => (action.startsWith(service) ? away : undefined);

    const failures: (number | undefined)[] = [];
    for (let minute = 0; minute < 7; minute += 1) {
      const instance = world.newInstance();
      await world.queues.sweep(instance);
      await world.queues.work('refresh', instance);
      failures.push((await recordOf(world, connection))?.failures);
      world.time.advance(60_000);
    }
    world.fault = undefined;
    world.time.advance(60_000);
    const instance = world.newInstance();
    await world.queues.sweep(instance);
    await world.queues.work('refresh', instance);

    expect(await world.queues.dead('refresh')).toEqual([]);
    expect(failures.at(-1)).toBeGreaterThanOrEqual(4);
    expect(await recordOf(world, connection)).toMatchObject({
      status: 'active',
      generation: connection.generation + 1,
    });
  });
});

it('serves a valid token from a warm instance while KMS is away, and renews it for as long as keys are in memory', async () => {
  const instance = world.newInstance();
  const connection = await world.connect(instance);
  await getAccessToken(instance.deps, accountOf(connection));
  world.fault = ({ action }) => (action.startsWith('kms:') ? away : undefined);

  const served = await getAccessToken(instance.deps, accountOf(connection));
  world.time.advance(lifetimeMilliseconds - 200_000);
  const cold = await failureOf(getAccessToken(instance.deps, accountOf(connection)));

  expect(await world.isGood(served.accessToken.reveal())).toBe(true);
  expect(cold.code).toBe('VAULT_ERROR');
  expect(tokenCalls(world)).toBe(0);
});
