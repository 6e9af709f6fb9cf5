import { describe, expect } from 'vitest';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import { it } from '../../support/fixtures/lifecycle.ts';
import { accountOf } from '../../support/lifecycle/lifecycle-fixture.ts';
import {
  expiredConnection,
  failureOf,
  lifetimeMilliseconds,
  recordOf,
  tokenCalls,
} from '../../support/lifecycle/steps.ts';

const away = { error: 'InternalFailure', status: 500 } as const;

describe.each([
  ['KMS', 'kms:'],
  ['Secrets Manager', 'secretsmanager:'],
])('an outage of %s', (_, service) => {
  it('prevents leases and platform calls, and refreshes succeed after it', async ({ lifecycle }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    let writes = 0;
    lifecycle.fault = ({ action }) => {
      if (action === 'dynamodb:PutItem' || action === 'dynamodb:UpdateItem') writes += 1;
      return action.startsWith(service) ? away : undefined;
    };

    const failure = await failureOf(getAccessToken(lifecycle.newInstance().deps, accountOf(connection)));
    lifecycle.fault = undefined;
    const callsBefore = tokenCalls(lifecycle);
    const token = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));

    expect(failure.code).toBe('VAULT_ERROR');
    expect([writes, callsBefore]).toEqual([0, 0]);
    expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
  });

  it('makes the worker postpone the record instead of retrying the message, and fills no dead-letter queue', async ({
    lifecycle,
  }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    lifecycle.fault = ({ action }) => (action.startsWith(service) ? away : undefined);

    const failures: (number | undefined)[] = [];
    for (let minute = 0; minute < 7; minute += 1) {
      const instance = lifecycle.newInstance();
      await lifecycle.queues.sweep(instance);
      await lifecycle.queues.work('refresh', instance);
      failures.push((await recordOf(lifecycle, connection))?.failures);
      lifecycle.time.advance(60_000);
    }
    lifecycle.fault = undefined;
    lifecycle.time.advance(60_000);
    const instance = lifecycle.newInstance();
    await lifecycle.queues.sweep(instance);
    await lifecycle.queues.work('refresh', instance);

    expect(await lifecycle.queues.dead('refresh')).toEqual([]);
    expect(failures.at(-1)).toBeGreaterThanOrEqual(4);
    expect(await recordOf(lifecycle, connection)).toMatchObject({
      status: 'active',
      generation: connection.generation + 1,
    });
  });
});

it('a warm instance serves a valid token while KMS is down and refreshes it as long as its keys are cached', async ({
  lifecycle,
}) => {
  const instance = lifecycle.newInstance();
  const connection = await lifecycle.connect(instance);
  await getAccessToken(instance.deps, accountOf(connection));
  lifecycle.fault = ({ action }) => (action.startsWith('kms:') ? away : undefined);

  const served = await getAccessToken(instance.deps, accountOf(connection));
  lifecycle.time.advance(lifetimeMilliseconds - 200_000);
  const cold = await failureOf(getAccessToken(instance.deps, accountOf(connection)));

  expect(await lifecycle.isGood(served.accessToken.reveal())).toBe(true);
  expect(cold.code).toBe('VAULT_ERROR');
  expect(tokenCalls(lifecycle)).toBe(0);
});
