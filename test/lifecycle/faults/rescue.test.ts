/** Rotated credentials that could not be stored wait sealed in the rescue queue, and no instance uses the spent token meanwhile. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { disconnectIntegration } from '../../../lib/integrations/disconnect/disconnect-integration.ts';
import { leaseMilliseconds } from '../../../lib/integrations/lifecycle/refresh-token.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import {
  accountOf,
  type LifecycleFixture,
  openLifecycleFixture,
} from '../../support/lifecycle/lifecycle-fixture.ts';
import {
  expectNoRace,
  expiredConnection,
  failureOf,
  recordOf,
  tokenCalls,
} from '../../support/lifecycle/steps.ts';

let fixture: LifecycleFixture;

beforeAll(async () => {
  fixture = await openLifecycleFixture();
});
afterAll(() => fixture.close());
beforeEach(async () => {
  await fixture.reset();
  fixture.platform.control({ command: 'set_modes', modes: { refreshReuse: 'ends_grant' } });
});

it('rescued credentials serve their own caller at once and all others after the rescue is applied', async () => {
  const connection = await expiredConnection(fixture, fixture.newInstance());
  failStores();

  const first = await getAccessToken(fixture.newInstance().deps, accountOf(connection));
  fixture.fault = undefined;
  const before = await recordOf(fixture, connection);
  const worked = await fixture.queues.work('rescue', fixture.newInstance());
  const second = await getAccessToken(fixture.newInstance().deps, accountOf(connection));

  expect(before?.generation).toBe(connection.generation);
  expect(worked).toEqual({ received: 1, failed: 0 });
  expect(second.accessToken.reveal()).toBe(first.accessToken.reveal());
  expect(await recordOf(fixture, connection)).toMatchObject({ generation: connection.generation + 1 });
  expect(fixture.counted).toContainEqual({ name: 'credentials_rescued', reason: undefined });
  expect(tokenCalls(fixture)).toBe(1);
});

it('a pending rescue blocks the spent refresh token until its message expires, so that the platform does not end the grant', async () => {
  const connection = await expiredConnection(fixture, fixture.newInstance());
  failStores();
  await getAccessToken(fixture.newInstance().deps, accountOf(connection));
  fixture.fault = undefined;

  // The rescue’s first try fails, and its message is hidden for minutes.
  fixture.time.advance(5 * leaseMilliseconds);
  const meanwhile = await failureOf(getAccessToken(fixture.newInstance().deps, accountOf(connection)));
  await fixture.queues.work('rescue', fixture.newInstance());
  const token = await getAccessToken(fixture.newInstance().deps, accountOf(connection));

  expect(meanwhile.code).toBe('TOKEN_REFRESH_ERROR');
  expect(await fixture.isGood(token.accessToken.reveal())).toBe(true);
  expectNoRace(fixture);
});

it('a rescue is retried while the database is down and overturns an end declared meanwhile', async () => {
  fixture.platform.control({ command: 'set_modes', modes: { refreshReuse: 'refused' } });
  const connection = await expiredConnection(fixture, fixture.newInstance());
  failStores();
  await getAccessToken(fixture.newInstance().deps, accountOf(connection));
  const away = await fixture.queues.work('rescue', fixture.newInstance());
  fixture.fault = undefined;
  fixture.time.advance(1_000_000);
  const declared = await failureOf(getAccessToken(fixture.newInstance().deps, accountOf(connection)));

  const applied = await fixture.queues.work('rescue', fixture.newInstance());
  const token = await getAccessToken(fixture.newInstance().deps, accountOf(connection));

  expect(away).toEqual({ received: 1, failed: 1 });
  expect(declared.code).toBe('TOKEN_EXPIRED');
  expect(applied).toEqual({ received: 1, failed: 0 });
  expect(await fixture.isGood(token.accessToken.reveal())).toBe(true);
  expect((await fixture.queues.events()).map(({ type }) => type)).toEqual(
    expect.arrayContaining(['connection.reconnect_required', 'connection.recovered']),
  );
});

it('a rescue changes nothing when it is redelivered or when a reconnect came first', async () => {
  const connection = await expiredConnection(fixture, fixture.newInstance());
  failStores();
  await getAccessToken(fixture.newInstance().deps, accountOf(connection));
  fixture.fault = undefined;
  const reconnected = await fixture.connect(fixture.newInstance());

  const worked = await fixture.queues.work('rescue', fixture.newInstance(), (messages) => [
    ...messages,
    ...messages,
  ]);
  const token = await getAccessToken(fixture.newInstance().deps, accountOf(connection));

  expect(worked).toEqual({ received: 1, failed: 0 });
  expect(await recordOf(fixture, connection)).toMatchObject({
    generation: reconnected.generation,
    grantId: reconnected.grantId,
  });
  expect(await fixture.isGood(token.accessToken.reveal())).toBe(true);
});

it('a rescue passes its tokens to a disconnect begun meanwhile, which revokes the grant with them', async () => {
  const connection = await expiredConnection(fixture, fixture.newInstance());
  failStores();
  await getAccessToken(fixture.newInstance().deps, accountOf(connection));
  fixture.fault = undefined;

  const first = await disconnectIntegration(fixture.newInstance().deps, accountOf(connection));
  await fixture.queues.work('rescue', fixture.newInstance());
  const second = await disconnectIntegration(fixture.newInstance().deps, accountOf(connection));

  expect([first.revocation, second.revocation]).toEqual(['revoke_pending', 'revoked']);
  expect(fixture.platform.control({ command: 'kill_grants' })).toEqual({ ok: true, affected: 0 });
});

it('a rescue puts no secret into the queue or the logs, and raises an alarm when the queue is down too', async () => {
  const connection = await expiredConnection(fixture, fixture.newInstance());
  failStores('sqs:SendMessage');

  const token = await getAccessToken(fixture.newInstance().deps, accountOf(connection));
  fixture.fault = undefined;
  const messages = await fixture.queues.receive('rescue');

  expect(await fixture.isGood(token.accessToken.reveal())).toBe(true);
  expect(messages).toEqual([]);
  expect(fixture.counted).toContainEqual({ name: 'credentials_lost', reason: undefined });
  expect(fixture.lines.some((line) => line.includes('credentials.lost'))).toBe(true);
  expect(fixture.lines.join('\n')).not.toContain('s4ndb0x');
});

/** The connections table refuses updates, as when its partition is throttled; leases are in the other table. */
function failStores(further?: string): void {
  fixture.fault = ({ action, body }) => {
    const strikes =
      action === further ||
      (action === 'dynamodb:UpdateItem' && JSON.stringify(body).includes('hawser-connections'));
    return strikes ? { error: 'ProvisionedThroughputExceededException', status: 400 } : undefined;
  };
}
