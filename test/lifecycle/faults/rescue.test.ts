/** Credentials that were rotated and could not be stored: they wait sealed in a queue, and nobody spends the dead token meanwhile. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { disconnectIntegration } from '../../../lib/integrations/disconnect/disconnect-integration.ts';
import { leaseMilliseconds } from '../../../lib/integrations/lifecycle/refresh-token.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import { expectNoRace, expiredConnection, failureOf, recordOf, tokenCalls } from '../steps.ts';
import { accountOf, openWorld, type World } from '../world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  await world.reset();
  world.platform.control({ command: 'set_modes', modes: { refreshReuse: 'ends_grant' } });
});

it('serves the caller, and everybody else once the rescue is applied', async () => {
  const connection = await expiredConnection(world, world.newInstance());
  failStores();

  const first = await getAccessToken(world.newInstance().deps, accountOf(connection));
  world.fault = undefined;
  const before = await recordOf(world, connection);
  const worked = await world.queues.work('rescue', world.newInstance());
  const second = await getAccessToken(world.newInstance().deps, accountOf(connection));

  expect(before?.generation).toBe(connection.generation);
  expect(worked).toEqual({ received: 1, failed: 0 });
  expect(second.accessToken.reveal()).toBe(first.accessToken.reveal());
  expect(await recordOf(world, connection)).toMatchObject({ generation: connection.generation + 1 });
  expect(world.counted).toContainEqual({ name: 'credentials_rescued', reason: undefined });
  expect(tokenCalls(world)).toBe(1);
});

it('keeps the dead token from being spent until the queue would give up, lest the platform ends the grant', async () => {
  const connection = await expiredConnection(world, world.newInstance());
  failStores();
  await getAccessToken(world.newInstance().deps, accountOf(connection));
  world.fault = undefined;

  // The rescue’s first try fails, and its message is hidden for minutes.
  world.time.advance(5 * leaseMilliseconds);
  const meanwhile = await failureOf(getAccessToken(world.newInstance().deps, accountOf(connection)));
  await world.queues.work('rescue', world.newInstance());
  const token = await getAccessToken(world.newInstance().deps, accountOf(connection));

  expect(meanwhile.code).toBe('TOKEN_REFRESH_ERROR');
  expect(await world.isGood(token.accessToken.reveal())).toBe(true);
  expectNoRace(world);
});

it('is tried again when the database is away still, and overturns an end that was declared meanwhile', async () => {
  world.platform.control({ command: 'set_modes', modes: { refreshReuse: 'refused' } });
  const connection = await expiredConnection(world, world.newInstance());
  failStores();
  await getAccessToken(world.newInstance().deps, accountOf(connection));
  const away = await world.queues.work('rescue', world.newInstance());
  world.fault = undefined;
  world.time.advance(1_000_000);
  const declared = await failureOf(getAccessToken(world.newInstance().deps, accountOf(connection)));

  const applied = await world.queues.work('rescue', world.newInstance());
  const token = await getAccessToken(world.newInstance().deps, accountOf(connection));

  expect(away).toEqual({ received: 1, failed: 1 });
  expect(declared.code).toBe('TOKEN_EXPIRED');
  expect(applied).toEqual({ received: 1, failed: 0 });
  expect(await world.isGood(token.accessToken.reveal())).toBe(true);
  expect((await world.queues.events()).map(({ type }) => type)).toEqual(
    expect.arrayContaining(['connection.reconnect_required', 'connection.recovered']),
  );
});

it('changes nothing when it comes a second time, or when a reconnect was faster', async () => {
  const connection = await expiredConnection(world, world.newInstance());
  failStores();
  await getAccessToken(world.newInstance().deps, accountOf(connection));
  world.fault = undefined;
  const reconnected = await world.connect(world.newInstance());

  const worked = await world.queues.work('rescue', world.newInstance(), (messages) => [
    ...messages,
    ...messages,
  ]);
  const token = await getAccessToken(world.newInstance().deps, accountOf(connection));

  expect(worked).toEqual({ received: 1, failed: 0 });
  expect(await recordOf(world, connection)).toMatchObject({
    generation: reconnected.generation,
    grantId: reconnected.grantId,
  });
  expect(await world.isGood(token.accessToken.reveal())).toBe(true);
});

it('hands the rescued tokens to a disconnect that came meanwhile, which ends the grant with them', async () => {
  const connection = await expiredConnection(world, world.newInstance());
  failStores();
  await getAccessToken(world.newInstance().deps, accountOf(connection));
  world.fault = undefined;

  const first = await disconnectIntegration(world.newInstance().deps, accountOf(connection));
  await world.queues.work('rescue', world.newInstance());
  const second = await disconnectIntegration(world.newInstance().deps, accountOf(connection));

  expect([first.revocation, second.revocation]).toEqual(['revoke_pending', 'revoked']);
  expect(world.platform.control({ command: 'kill_grants' })).toEqual({ ok: true, affected: 0 });
});

it('leaves no secret in the queue or the logs, and says so loudly when even the queue is away', async () => {
  const connection = await expiredConnection(world, world.newInstance());
  failStores('sqs:SendMessage');

  const token = await getAccessToken(world.newInstance().deps, accountOf(connection));
  world.fault = undefined;
  const messages = await world.queues.receive('rescue');

  expect(await world.isGood(token.accessToken.reveal())).toBe(true);
  expect(messages).toEqual([]);
  expect(world.counted).toContainEqual({ name: 'credentials_lost', reason: undefined });
  expect(world.lines.some((line) => line.includes('credentials.lost'))).toBe(true);
  expect(world.lines.join('\n')).not.toContain('s4ndb0x');
});

/** The connections table takes no update, as when its partition is throttled; the leases are in the other table. */
function failStores(further?: string): void {
  world.fault = ({ action, body }) => {
    const strikes =
      action === further ||
      (action === 'dynamodb:UpdateItem' && JSON.stringify(body).includes('hawser-connections'));
    return strikes ? { error: 'ProvisionedThroughputExceededException', status: 400 } : undefined;
  };
}
