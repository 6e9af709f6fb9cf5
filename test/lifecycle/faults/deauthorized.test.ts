import { expect } from 'vitest';
import type { SealedConnection } from '../../../lib/connections/connection.ts';
import { leaseMilliseconds } from '../../../lib/integrations/lifecycle/refresh-token.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import { applyEvent } from '../../../lib/webhooks/apply-event.ts';
import { it } from '../../support/fixtures/lifecycle.ts';
import { accountOf, type LifecycleFixture } from '../../support/lifecycle/lifecycle-fixture.ts';
import { expiredConnection, failureOf, recordOf } from '../../support/lifecycle/steps.ts';

it('a deauthorization stays in force when a refresh in flight succeeds, and no token is served', async ({
  lifecycle,
}) => {
  const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
  lifecycle.platformCall = async (call) => {
    lifecycle.platformCall = (other) => other();
    const answer = await call();
    await deauthorize(lifecycle, connection);
    return answer;
  };

  const refused = await failureOf(getAccessToken(lifecycle.newInstance().deps, accountOf(connection)));
  const events = await lifecycle.queues.events();

  expect(refused).toMatchObject({ code: 'TOKEN_EXPIRED', details: { reason: 'deauthorized' } });
  expect(await recordOf(lifecycle, connection)).toMatchObject({
    status: 'reconnect_required',
    statusReason: 'deauthorized',
  });
  expect(events.map(({ type }) => type)).not.toContain('connection.recovered');
});

it('a deauthorization stays in force when the rescue queue stores credentials after it', async ({
  lifecycle,
}) => {
  const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
  lifecycle.fault = ({ action, body }) =>
    action === 'dynamodb:UpdateItem' && JSON.stringify(body).includes('hawser-connections')
      ? { error: 'ProvisionedThroughputExceededException', status: 400 }
      : undefined;
  await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));
  lifecycle.fault = undefined;
  await deauthorize(lifecycle, connection);

  const worked = await lifecycle.queues.work('rescue', lifecycle.newInstance());

  expect(worked).toEqual({ received: 1, failed: 0 });
  expect(await recordOf(lifecycle, connection)).toMatchObject({
    status: 'reconnect_required',
    statusReason: 'deauthorized',
  });
});

it('a deauthorization stays in force when it arrives just before rescued credentials overturn another end', async ({
  lifecycle,
}) => {
  const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
  lifecycle.fault = ({ action, body }) =>
    action === 'dynamodb:UpdateItem' && JSON.stringify(body).includes('hawser-connections')
      ? { error: 'ProvisionedThroughputExceededException', status: 400 }
      : undefined;
  await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));
  lifecycle.fault = undefined;
  const instance = lifecycle.newInstance();
  const { connections } = instance.deps;
  const declared = { status: 'reconnect_required', statusReason: 'answer_lost' } as const;
  await connections.change(connection, { ...declared, updatedAt: lifecycle.time.now() });
  let meanwhile = () => deauthorize(lifecycle, connection);
  const late: typeof connections = {
    ...connections,
    update: async (seen, decide) => {
      await meanwhile();
      meanwhile = async () => undefined;
      return connections.update(seen, decide);
    },
  };

  await lifecycle.queues.work('rescue', { ...instance, deps: { ...instance.deps, connections: late } });

  expect(await recordOf(lifecycle, connection)).toMatchObject({
    status: 'reconnect_required',
    statusReason: 'deauthorized',
    generation: connection.generation + 1,
  });
});

it('a deauthorization prevails when the connection had already ended for another reason', async ({
  lifecycle,
}) => {
  const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
  const slow = lifecycle.newInstance();
  lifecycle.platformCall = async (call) => {
    lifecycle.platformCall = (other) => other();
    const answer = await call();
    lifecycle.time.advance(leaseMilliseconds + 5_000);
    await failureOf(getAccessToken(lifecycle.newInstance().deps, accountOf(connection)));
    await deauthorize(lifecycle, connection);
    return answer;
  };

  const refused = await failureOf(getAccessToken(slow.deps, accountOf(connection)));
  const events = await lifecycle.queues.events();

  expect(refused.code).toBe('TOKEN_EXPIRED');
  expect(await recordOf(lifecycle, connection)).toMatchObject({
    status: 'reconnect_required',
    statusReason: 'deauthorized',
  });
  expect(events.map(({ type }) => type)).toEqual(['connection.reconnect_required']);
});

/** Applies the platform's notification as the webhook worker does; the event for the tenant is not checked here. */
async function deauthorize(lifecycle: LifecycleFixture, seen: SealedConnection): Promise<void> {
  const { deps } = lifecycle.newInstance();
  const connection = await recordOf(lifecycle, seen);
  if (!connection) throw new Error('The connection was to be there.');
  const { appId, provider, accountId } = connection;
  const event = {
    id: 'd-1',
    type: 'authorization.removed',
    effect: 'deauthorized',
    accountId,
    data: {},
  } as const;
  await applyEvent(
    {
      connections: deps.connections,
      resourceWatermarks: { advance: async () => true },
      events: { send: async () => undefined, sendAll: async () => undefined },
      now: lifecycle.time.now,
      log: () => undefined,
    },
    { kind: 'webhook_event', appId, provider, receivedAt: lifecycle.time.now(), event },
    connection,
  );
}
