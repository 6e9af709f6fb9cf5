/** KMS or Secrets Manager is away: nothing is spent that could not be sealed, and what is in memory serves on. */
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
])('%s away', (_, service) => {
  it('means no lease and no call, and all is well after', async () => {
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

  it('makes the worker wait in the record and not in the queue, and fills no dead letters', async () => {
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

it('serves a valid token from a warm instance while KMS is away, and renews it for as long as keys are in memory', async () => {
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
