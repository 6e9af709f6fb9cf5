/** SQS delivers twice, in another order, again after a crash, or something that nobody sent: the record decides, not the message. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AppId } from '../../../lib/ids.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import { createPlatformLimiter } from '../../../lib/integrations/worker/platform-limiter.ts';
import type { Worked } from '../../../lib/integrations/worker/work-connection.ts';
import { workConnection } from '../../../lib/integrations/worker/work-connection.ts';
import { runUntil } from '../process.ts';
import { expiredConnection, lifetimeMilliseconds, recordOf, tokenCalls } from '../steps.ts';
import { tiktok } from '../tenant-at-platform.ts';
import { accountOf, openWorld, type World } from '../world.ts';

const tiktokApp = String(tiktok) as AppId;
let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(() => world.reset());

describe('the refresh queue', () => {
  it('renews once however often a message comes, in one batch, in the next, or in two at once', async () => {
    const connection = await expiredConnection(world, world.newInstance());
    const [one, two] = [world.newInstance(), world.newInstance()];
    await world.queues.sweep(one);
    await world.queues.sweep(two);

    const [first, second] = await Promise.all([
      world.queues.work('refresh', one, (messages) => [...messages, ...messages]),
      workConnection(two.deps, connection),
    ]);
    await world.queues.send('refresh', JSON.stringify({ kind: 'connection_due', ...connection }));
    const late = await world.queues.work('refresh', world.newInstance());

    expect([first.failed, late.failed]).toEqual([0, 0]);
    expect(['renewed', 'nothing']).toContain(second);
    expect(tokenCalls(world)).toBe(1);
    expect(await recordOf(world, connection)).toMatchObject({ generation: connection.generation + 1 });
  });

  it('renews every connection whatever the order of its messages', async () => {
    const instance = world.newInstance();
    const connections = [];
    for (const person of ['mira', 'jose', 'sora']) connections.push(await world.connect(instance, person));
    world.platform.control({ command: 'reset_calls' });
    world.time.advance(lifetimeMilliseconds);
    await world.queues.sweep(instance);

    await world.queues.work('refresh', instance, (messages) => messages.toReversed());

    expect(tokenCalls(world)).toBe(3);
    for (const connection of connections) {
      expect(await recordOf(world, connection)).toMatchObject({ generation: connection.generation + 1 });
    }
  });

  it('does nothing for a message that comes back after the worker had stored and died', async () => {
    const instance = world.newInstance();
    const connection = await expiredConnection(world, instance);
    await runUntil(16, () => workConnection(instance.deps, connection));
    const stored = await recordOf(world, connection);

    const again = await workConnection(world.newInstance().deps, connection);

    expect(stored?.generation).toBe(connection.generation + 1);
    expect(again).toBe('nothing');
    expect(tokenCalls(world)).toBe(1);
  });

  it('does nothing for a connection that is gone', async () => {
    const instance = world.newInstance();
    const connection = await expiredConnection(world, instance);
    await instance.deps.connections.remove(connection);

    expect(await workConnection(instance.deps, connection)).toBe('nothing');
    expect(tokenCalls(world)).toBe(0);
  });

  it('keeps the good messages of a batch from suffering with the bad one', async () => {
    const instance = world.newInstance();
    const connection = await expiredConnection(world, instance);
    await world.queues.send('refresh', '{"tenantId":"harbour"}');
    await world.queues.sweep(instance);

    const worked = await world.queues.work('refresh', instance);
    await world.queues.empty('refresh');

    expect(worked).toEqual({ received: 2, failed: 1 });
    expect(await recordOf(world, connection)).toMatchObject({ generation: connection.generation + 1 });
  });
});

describe('the platform limiter of a worker', () => {
  it('runs no more of one platform’s work at once than the platform takes, whoever comes when', async () => {
    const limiter = createPlatformLimiter(world.time.now);
    const limit = (work: () => Promise<Worked>) =>
      limiter({ app: tiktokApp, concurrency: async () => 5, work });
    let running = 0;
    let most = 0;
    const work = async () => {
      running += 1;
      most = Math.max(most, running);
      await world.time.sleep(1_000);
      running -= 1;
      // Somebody new is there at the very moment at which a place is free.
      if (latecomers.length < 10) latecomers.push(limit(work));
      return 'renewed' as const;
    };
    const latecomers: Promise<unknown>[] = [];

    await Promise.all(Array.from({ length: 12 }, () => limit(work)));
    await Promise.all(latecomers);

    expect(most).toBe(5);
  });

  it('leaves a platform alone for a moment after several in a row went unanswered', async () => {
    const limiter = createPlatformLimiter(world.time.now);
    const limit = (work: () => Promise<Worked>) =>
      limiter({ app: tiktokApp, concurrency: async () => 5, work });
    let asked = 0;
    const work = async () => {
      asked += 1;
      return 'postponed' as const;
    };

    for (let call = 0; call < 9; call += 1) await limit(work);
    const before = asked;
    world.time.advance(20_000);
    for (let call = 0; call < 3; call += 1) await limit(work);

    expect([before, asked]).toEqual([5, 6]);
  });
});

describe.each(['refresh', 'rescue', 'jobs'] as const)('a poisoned message in the %s queue', (name) => {
  it.each(['not JSON', '{}', '[]', 'null', '{"jobId":7,"tenantId":["harbour"]}'])(
    'ends among the dead letters: %s',
    async (body) => {
      await world.queues.send(name, body);

      const rounds = [];
      for (let round = 0; round < 6; round += 1) {
        rounds.push(await world.queues.work(name, world.newInstance()));
      }

      expect(rounds.slice(0, 5).every(({ failed }) => failed === 1)).toBe(true);
      expect(rounds[5]).toEqual({ received: 0, failed: 0 });
      expect(await world.queues.dead(name)).toContain(body);
      expect(world.lines.join('\n')).not.toContain('harbour"]');
    },
  );
});

it('sends a token on although the event of its renewal cannot be sent', async () => {
  const connection = await expiredConnection(world, world.newInstance());
  world.fault = ({ action }) =>
    action.startsWith('sqs:') ? { error: 'ServiceUnavailable', status: 503 } : undefined;

  const token = await getAccessToken(world.newInstance().deps, accountOf(connection));
  world.fault = undefined;

  expect(await world.isGood(token.accessToken.reveal())).toBe(true);
  expect(await recordOf(world, connection)).toMatchObject({ generation: connection.generation + 1 });
});
