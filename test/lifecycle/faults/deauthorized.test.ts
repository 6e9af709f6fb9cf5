/** The platform reports that a user revoked the grant while a refresh is in flight: the refresh cannot reactivate the connection. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { SealedConnection } from '../../../lib/connections/connection.ts';
import { leaseMilliseconds } from '../../../lib/integrations/lifecycle/refresh-token.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import { applyEvent } from '../../../lib/webhooks/apply-event.ts';
import {
  accountOf,
  type LifecycleFixture,
  openLifecycleFixture,
} from '../../support/lifecycle/lifecycle-fixture.ts';
import { expiredConnection, failureOf, recordOf } from '../../support/lifecycle/steps.ts';

let fixture: LifecycleFixture;

beforeAll(async () => {
  fixture = await openLifecycleFixture();
});
afterAll(() => fixture.close());
beforeEach(() => fixture.reset());

it('a deauthorization stays in force when a refresh in flight succeeds, and no token is served', async () => {
  const connection = await expiredConnection(fixture, fixture.newInstance());
  fixture.platformCall = async (call) => {
    fixture.platformCall = (other) => other();
    const answer = await call();
    await deauthorize(connection);
    return answer;
  };

  const refused = await failureOf(getAccessToken(fixture.newInstance().deps, accountOf(connection)));
  const events = await fixture.queues.events();

  expect(refused).toMatchObject({ code: 'TOKEN_EXPIRED', details: { reason: 'deauthorized' } });
  expect(await recordOf(fixture, connection)).toMatchObject({
    status: 'reconnect_required',
    statusReason: 'deauthorized',
  });
  expect(events.map(({ type }) => type)).not.toContain('connection.recovered');
});

it('a deauthorization stays in force when the rescue queue stores credentials after it', async () => {
  const connection = await expiredConnection(fixture, fixture.newInstance());
  fixture.fault = ({ action, body }) =>
    action === 'dynamodb:UpdateItem' && JSON.stringify(body).includes('hawser-connections')
      ? { error: 'ProvisionedThroughputExceededException', status: 400 }
      : undefined;
  await getAccessToken(fixture.newInstance().deps, accountOf(connection));
  fixture.fault = undefined;
  await deauthorize(connection);

  const worked = await fixture.queues.work('rescue', fixture.newInstance());

  expect(worked).toEqual({ received: 1, failed: 0 });
  expect(await recordOf(fixture, connection)).toMatchObject({
    status: 'reconnect_required',
    statusReason: 'deauthorized',
  });
});

it('a deauthorization stays in force when it arrives just before rescued credentials overturn another end', async () => {
  const connection = await expiredConnection(fixture, fixture.newInstance());
  fixture.fault = ({ action, body }) =>
    action === 'dynamodb:UpdateItem' && JSON.stringify(body).includes('hawser-connections')
      ? { error: 'ProvisionedThroughputExceededException', status: 400 }
      : undefined;
  await getAccessToken(fixture.newInstance().deps, accountOf(connection));
  fixture.fault = undefined;
  const instance = fixture.newInstance();
  const { connections } = instance.deps;
  const declared = { status: 'reconnect_required', statusReason: 'answer_lost' } as const;
  await connections.change(connection, { ...declared, updatedAt: fixture.time.now() });
  let meanwhile = () => deauthorize(connection);
  const late: typeof connections = {
    ...connections,
    update: async (seen, decide) => {
      await meanwhile();
      meanwhile = async () => undefined;
      return connections.update(seen, decide);
    },
  };

  await fixture.queues.work('rescue', { ...instance, deps: { ...instance.deps, connections: late } });

  expect(await recordOf(fixture, connection)).toMatchObject({
    status: 'reconnect_required',
    statusReason: 'deauthorized',
    generation: connection.generation + 1,
  });
});

it('a deauthorization prevails when the connection had already ended for another reason', async () => {
  const connection = await expiredConnection(fixture, fixture.newInstance());
  const slow = fixture.newInstance();
  fixture.platformCall = async (call) => {
    fixture.platformCall = (other) => other();
    const answer = await call();
    fixture.time.advance(leaseMilliseconds + 5_000);
    await failureOf(getAccessToken(fixture.newInstance().deps, accountOf(connection)));
    await deauthorize(connection);
    return answer;
  };

  const refused = await failureOf(getAccessToken(slow.deps, accountOf(connection)));
  const events = await fixture.queues.events();

  expect(refused.code).toBe('TOKEN_EXPIRED');
  expect(await recordOf(fixture, connection)).toMatchObject({
    status: 'reconnect_required',
    statusReason: 'deauthorized',
  });
  expect(events.map(({ type }) => type)).toEqual(['connection.reconnect_required']);
});

/** Applies the platform's notification as the webhook worker does; the event for the tenant is not checked here. */
async function deauthorize(seen: SealedConnection): Promise<void> {
  const { deps } = fixture.newInstance();
  const connection = await recordOf(fixture, seen);
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
      now: fixture.time.now,
      log: () => undefined,
    },
    { kind: 'webhook_event', appId, provider, receivedAt: fixture.time.now(), event },
    connection,
  );
}
