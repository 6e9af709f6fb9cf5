/** What tenants are told: each change of state once by its id, even if whoever made it dies before, while or after telling. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { refreshConnection } from '../../../lib/integrations/lifecycle/refresh-token.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import type { ConnectionEvent } from '../../../lib/messages/tenant-event.ts';
import { runUntil } from '../process.ts';
import { expiredConnection, recordOf } from '../steps.ts';
import { accountOf, openWorld, type World } from '../world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(() => world.reset());

const away = { error: 'ServiceUnavailable', status: 503 } as const;

describe('the end of a grant', () => {
  it('is told once however many notice it', async () => {
    const connection = await expiredConnection(world, world.newInstance());
    world.platform.control({ command: 'kill_grants' });

    await Promise.allSettled(
      Array.from({ length: 5 }, () => getAccessToken(world.newInstance().deps, accountOf(connection))),
    );
    await minutesPass(3);

    const events = await world.queues.events();
    expect(events).toMatchObject([
      {
        type: 'connection.reconnect_required',
        connectionId: connection.id,
        userId: 'ada',
        data: { status: 'reconnect_required', statusReason: 'invalid_grant' },
      },
    ]);
    expect(JSON.stringify(events)).not.toContain('s4ndb0x');
    expect(JSON.stringify(events)).not.toContain('sealed');
  });

  it('is told by the sweep when the queue did not take it', async () => {
    const connection = await expiredConnection(world, world.newInstance());
    world.platform.control({ command: 'kill_grants' });
    world.fault = ({ action }) => (action === 'sqs:SendMessage' ? away : undefined);
    await getAccessToken(world.newInstance().deps, accountOf(connection)).catch(() => undefined);
    world.fault = undefined;
    const before = await world.queues.events();

    await minutesPass(3);

    expect(before).toEqual([]);
    expect((await world.queues.events()).map(({ type }) => type)).toEqual(['connection.reconnect_required']);
    expect((await recordOf(world, connection))?.pendingEvent).toBeUndefined();
  });

  it('is told with one id at whatever step its discoverer dies', { timeout: 90_000 }, async () => {
    for (let steps = 0; ; steps += 1) {
      const instance = world.newInstance();
      const connection = await expiredConnection(world, instance);
      world.platform.control({ command: 'kill_grants' });

      const { result } = await runUntil(steps, () =>
        getAccessToken(instance.deps, accountOf(connection)).catch(() => 'refused'),
      );
      world.time.advance(20_000);
      await getAccessToken(world.newInstance().deps, accountOf(connection)).catch(() => undefined);
      await minutesPass(2);
      const events = await world.queues.events();

      expect(new Set(events.map(({ id }) => id)).size).toBe(1);
      expect(new Set(events.map(({ type }) => type))).toEqual(new Set(['connection.reconnect_required']));
      if (result === 'refused') return;
    }
  });
});

it('keeps the id of a change that is told again after a renewal', async () => {
  const instance = world.newInstance();
  // The event goes out, and the note that it has yet to go stays behind.
  world.fault = ({ action, body }) =>
    action === 'dynamodb:UpdateItem' && JSON.stringify(body).includes('REMOVE #untold') ? away : undefined;
  const connection = await world.connect(instance);
  world.fault = undefined;
  const first = await world.queues.events();

  await refreshConnection(world.newInstance().deps, (await recordOf(world, connection)) ?? connection);
  const second = await world.queues.events();

  expect(first.map(({ type }) => type)).toHaveLength(1);
  expect(second.filter(({ type }) => type === first[0]?.type).map(({ id }) => id)).toEqual(
    second.filter(({ type }) => type === first[0]?.type).map(() => first[0]?.id),
  );
  expect(second.length).toBeGreaterThan(0);
});

it('tells of a misconfigured app and of its recovery, each once', async () => {
  const connection = await expiredConnection(world, world.newInstance());
  await world.register('s4ndb0x-secret-nobody-told-us', 'platform');

  for (let round = 0; round < 3; round += 1) {
    await getAccessToken(world.newInstance().deps, accountOf(connection)).catch(() => undefined);
    world.time.advance(10_000);
  }
  await world.register('s4ndb0x-mended');
  await getAccessToken(world.newInstance().deps, accountOf(connection));
  await minutesPass(2);

  expect((await world.queues.events()).map(({ type }) => type)).toEqual([
    'connection.misconfigured',
    'connection.recovered',
  ] satisfies ConnectionEvent['type'][]);
});

async function minutesPass(minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    world.time.advance(60_000);
    const instance = world.newInstance();
    await world.queues.sweep(instance);
    await world.queues.work('refresh', instance);
  }
}
