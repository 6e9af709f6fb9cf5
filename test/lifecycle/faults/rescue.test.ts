import { expect } from 'vitest';
import { disconnectIntegration } from '../../../lib/integrations/disconnect/disconnect-integration.ts';
import { leaseMilliseconds } from '../../../lib/integrations/lifecycle/refresh-token.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import { it } from '../../support/fixtures/lifecycle.ts';
import { accountOf, type LifecycleFixture } from '../../support/lifecycle/lifecycle-fixture.ts';
import {
  expectNoRace,
  expiredConnection,
  failureOf,
  recordOf,
  tokenCalls,
} from '../../support/lifecycle/steps.ts';

it.beforeEach(({ lifecycle }) => {
  lifecycle.platform.control({ command: 'set_modes', modes: { refreshReuse: 'ends_grant' } });
});

it('rescued credentials serve their own caller at once and all others after the rescue is applied', async ({
  lifecycle,
}) => {
  const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
  failStores(lifecycle);

  const first = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));
  lifecycle.fault = undefined;
  const before = await recordOf(lifecycle, connection);
  const worked = await lifecycle.queues.work('rescue', lifecycle.newInstance());
  const second = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));

  expect(before?.generation).toBe(connection.generation);
  expect(worked).toEqual({ received: 1, failed: 0 });
  expect(second.accessToken.reveal()).toBe(first.accessToken.reveal());
  expect(await recordOf(lifecycle, connection)).toMatchObject({ generation: connection.generation + 1 });
  expect(lifecycle.counted).toContainEqual({ name: 'credentials_rescued', reason: undefined });
  expect(tokenCalls(lifecycle)).toBe(1);
});

it('a pending rescue blocks the spent refresh token until its message expires, so that the platform does not end the grant', async ({
  lifecycle,
}) => {
  const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
  failStores(lifecycle);
  await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));
  lifecycle.fault = undefined;

  // The rescue’s first try fails, and its message is hidden for minutes.
  lifecycle.time.advance(5 * leaseMilliseconds);
  const meanwhile = await failureOf(getAccessToken(lifecycle.newInstance().deps, accountOf(connection)));
  await lifecycle.queues.work('rescue', lifecycle.newInstance());
  const token = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));

  expect(meanwhile.code).toBe('TOKEN_REFRESH_ERROR');
  expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
  expectNoRace(lifecycle);
});

it('a rescue is retried while the database is down and overturns an end declared meanwhile', async ({
  lifecycle,
}) => {
  lifecycle.platform.control({ command: 'set_modes', modes: { refreshReuse: 'refused' } });
  const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
  failStores(lifecycle);
  await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));
  const away = await lifecycle.queues.work('rescue', lifecycle.newInstance());
  lifecycle.fault = undefined;
  lifecycle.time.advance(1_000_000);
  const declared = await failureOf(getAccessToken(lifecycle.newInstance().deps, accountOf(connection)));

  const applied = await lifecycle.queues.work('rescue', lifecycle.newInstance());
  const token = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));

  expect(away).toEqual({ received: 1, failed: 1 });
  expect(declared.code).toBe('TOKEN_EXPIRED');
  expect(applied).toEqual({ received: 1, failed: 0 });
  expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
  expect((await lifecycle.queues.events()).map(({ type }) => type)).toEqual(
    expect.arrayContaining(['connection.reconnect_required', 'connection.recovered']),
  );
});

it('a rescue changes nothing when it is redelivered or when a reconnect came first', async ({
  lifecycle,
}) => {
  const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
  failStores(lifecycle);
  await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));
  lifecycle.fault = undefined;
  const reconnected = await lifecycle.connect(lifecycle.newInstance());

  const worked = await lifecycle.queues.work('rescue', lifecycle.newInstance(), (messages) => [
    ...messages,
    ...messages,
  ]);
  const token = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));

  expect(worked).toEqual({ received: 1, failed: 0 });
  expect(await recordOf(lifecycle, connection)).toMatchObject({
    generation: reconnected.generation,
    grantId: reconnected.grantId,
  });
  expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
});

it('a rescue passes its tokens to a disconnect begun meanwhile, which revokes the grant with them', async ({
  lifecycle,
}) => {
  const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
  failStores(lifecycle);
  await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));
  lifecycle.fault = undefined;

  const first = await disconnectIntegration(lifecycle.newInstance().deps, accountOf(connection));
  await lifecycle.queues.work('rescue', lifecycle.newInstance());
  const second = await disconnectIntegration(lifecycle.newInstance().deps, accountOf(connection));

  expect([first.revocation, second.revocation]).toEqual(['revoke_pending', 'revoked']);
  expect(lifecycle.platform.control({ command: 'kill_grants' })).toEqual({ ok: true, affected: 0 });
});

it('a rescue puts no secret into the queue or the logs, and raises an alarm when the queue is down too', async ({
  lifecycle,
}) => {
  const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
  failStores(lifecycle, 'sqs:SendMessage');

  const token = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));
  lifecycle.fault = undefined;
  const messages = await lifecycle.queues.receive('rescue');

  expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
  expect(messages).toEqual([]);
  expect(lifecycle.counted).toContainEqual({ name: 'credentials_lost', reason: undefined });
  expect(lifecycle.lines.some((line) => line.includes('credentials.lost'))).toBe(true);
  expect(lifecycle.lines.join('\n')).not.toContain('s4ndb0x');
});

/** The connections table refuses updates, as when its partition is throttled; leases are in the other table. */
function failStores(lifecycle: LifecycleFixture, further?: string): void {
  lifecycle.fault = ({ action, body }) => {
    const strikes =
      action === further ||
      (action === 'dynamodb:UpdateItem' && JSON.stringify(body).includes('hawser-connections'));
    return strikes ? { error: 'ProvisionedThroughputExceededException', status: 400 } : undefined;
  };
}
