/** KMS or Secrets Manager is down: no token is spent whose successor could not be sealed, and cached keys keep working. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import {
  accountOf,
  type LifecycleFixture,
  openLifecycleFixture,
} from '../../support/lifecycle/lifecycle-fixture.ts';
import {
  expiredConnection,
  failureOf,
  lifetimeMilliseconds,
  recordOf,
  tokenCalls,
} from '../../support/lifecycle/steps.ts';

let fixture: LifecycleFixture;

beforeAll(async () => {
  fixture = await openLifecycleFixture();
});
afterAll(() => fixture.close());
beforeEach(() => fixture.reset());

const away = { error: 'InternalFailure', status: 500 } as const;

describe.each([
  ['KMS', 'kms:'],
  ['Secrets Manager', 'secretsmanager:'],
])('an outage of %s', (_, service) => {
  it('prevents leases and platform calls, and refreshes succeed after it', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    let writes = 0;
    fixture.fault = ({ action }) => {
      if (action === 'dynamodb:PutItem' || action === 'dynamodb:UpdateItem') writes += 1;
      return action.startsWith(service) ? away : undefined;
    };

    const failure = await failureOf(getAccessToken(fixture.newInstance().deps, accountOf(connection)));
    fixture.fault = undefined;
    const callsBefore = tokenCalls(fixture);
    const token = await getAccessToken(fixture.newInstance().deps, accountOf(connection));

    expect(failure.code).toBe('VAULT_ERROR');
    expect([writes, callsBefore]).toEqual([0, 0]);
    expect(await fixture.isGood(token.accessToken.reveal())).toBe(true);
  });

  it('makes the worker postpone the record instead of retrying the message, and fills no dead-letter queue', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    fixture.fault = ({ action }) => (action.startsWith(service) ? away : undefined);

    const failures: (number | undefined)[] = [];
    for (let minute = 0; minute < 7; minute += 1) {
      const instance = fixture.newInstance();
      await fixture.queues.sweep(instance);
      await fixture.queues.work('refresh', instance);
      failures.push((await recordOf(fixture, connection))?.failures);
      fixture.time.advance(60_000);
    }
    fixture.fault = undefined;
    fixture.time.advance(60_000);
    const instance = fixture.newInstance();
    await fixture.queues.sweep(instance);
    await fixture.queues.work('refresh', instance);

    expect(await fixture.queues.dead('refresh')).toEqual([]);
    expect(failures.at(-1)).toBeGreaterThanOrEqual(4);
    expect(await recordOf(fixture, connection)).toMatchObject({
      status: 'active',
      generation: connection.generation + 1,
    });
  });
});

it('a warm instance serves a valid token while KMS is down and refreshes it as long as its keys are cached', async () => {
  const instance = fixture.newInstance();
  const connection = await fixture.connect(instance);
  await getAccessToken(instance.deps, accountOf(connection));
  fixture.fault = ({ action }) => (action.startsWith('kms:') ? away : undefined);

  const served = await getAccessToken(instance.deps, accountOf(connection));
  fixture.time.advance(lifetimeMilliseconds - 200_000);
  const cold = await failureOf(getAccessToken(instance.deps, accountOf(connection)));

  expect(await fixture.isGood(served.accessToken.reveal())).toBe(true);
  expect(cold.code).toBe('VAULT_ERROR');
  expect(tokenCalls(fixture)).toBe(0);
});
