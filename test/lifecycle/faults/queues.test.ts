import { describe, expect } from 'vitest';
import type { AppId } from '../../../lib/ids.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import { createPlatformLimiter } from '../../../lib/integrations/worker/platform-limiter.ts';
import type { Worked } from '../../../lib/integrations/worker/work-connection.ts';
import { workConnection } from '../../../lib/integrations/worker/work-connection.ts';
import { it } from '../../support/fixtures/lifecycle.ts';
import { accountOf } from '../../support/lifecycle/lifecycle-fixture.ts';
import { runUntil } from '../../support/lifecycle/process.ts';
import {
  expiredConnection,
  lifetimeMilliseconds,
  recordOf,
  tokenCalls,
} from '../../support/lifecycle/steps.ts';
import { tiktok } from '../../support/lifecycle/tenant-at-platform.ts';

const tiktokApp = String(tiktok) as AppId;

describe('the refresh queue', () => {
  it('causes one refresh, however often a message arrives: in one batch, in the next or in two at once', async ({
    lifecycle,
  }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    const [one, two] = [lifecycle.newInstance(), lifecycle.newInstance()];
    await lifecycle.queues.sweep(one);
    await lifecycle.queues.sweep(two);

    const [first, second] = await Promise.all([
      lifecycle.queues.work('refresh', one, (messages) => [...messages, ...messages]),
      workConnection(two.deps, connection),
    ]);
    await lifecycle.queues.send('refresh', JSON.stringify({ kind: 'connection_due', ...connection }));
    const late = await lifecycle.queues.work('refresh', lifecycle.newInstance());

    expect([first.failed, late.failed]).toEqual([0, 0]);
    expect(['refreshed', 'nothing']).toContain(second);
    expect(tokenCalls(lifecycle)).toBe(1);
    expect(await recordOf(lifecycle, connection)).toMatchObject({ generation: connection.generation + 1 });
  });

  it('refreshes every connection in any order of its messages', async ({ lifecycle }) => {
    const instance = lifecycle.newInstance();
    const connections = [];
    for (const person of ['mira', 'jose', 'sora'])
      connections.push(await lifecycle.connect(instance, person));
    lifecycle.platform.control({ command: 'reset_calls' });
    lifecycle.time.advance(lifetimeMilliseconds);
    await lifecycle.queues.sweep(instance);

    await lifecycle.queues.work('refresh', instance, (messages) => messages.toReversed());

    expect(tokenCalls(lifecycle)).toBe(3);
    for (const connection of connections) {
      expect(await recordOf(lifecycle, connection)).toMatchObject({ generation: connection.generation + 1 });
    }
  });

  it('ignores a message that is redelivered after its worker stored the token and died', async ({
    lifecycle,
  }) => {
    const instance = lifecycle.newInstance();
    const connection = await expiredConnection(lifecycle, instance);
    await runUntil(16, () => workConnection(instance.deps, connection));
    const stored = await recordOf(lifecycle, connection);

    const again = await workConnection(lifecycle.newInstance().deps, connection);

    expect(stored?.generation).toBe(connection.generation + 1);
    expect(again).toBe('nothing');
    expect(tokenCalls(lifecycle)).toBe(1);
  });

  it('ignores a message about a deleted connection', async ({ lifecycle }) => {
    const instance = lifecycle.newInstance();
    const connection = await expiredConnection(lifecycle, instance);
    await instance.deps.connections.remove(connection);

    expect(await workConnection(instance.deps, connection)).toBe('nothing');
    expect(tokenCalls(lifecycle)).toBe(0);
  });

  it('works the valid messages of a batch that contains a bad one', async ({ lifecycle }) => {
    const instance = lifecycle.newInstance();
    const connection = await expiredConnection(lifecycle, instance);
    await lifecycle.queues.send('refresh', '{"tenantId":"harbour"}');
    await lifecycle.queues.sweep(instance);

    const worked = await lifecycle.queues.work('refresh', instance);
    await lifecycle.queues.empty('refresh');

    expect(worked).toEqual({ received: 2, failed: 1 });
    expect(await recordOf(lifecycle, connection)).toMatchObject({ generation: connection.generation + 1 });
  });
});

describe('the platform limiter of a worker', () => {
  it('runs no more concurrent calls to a platform than the platform allows, in any order of arrival', async ({
    lifecycle,
  }) => {
    const limiter = createPlatformLimiter(lifecycle.time.now);
    const limit = (work: () => Promise<Worked>) =>
      limiter({ app: tiktokApp, concurrency: async () => 5, work });
    let running = 0;
    let most = 0;
    const work = async () => {
      running += 1;
      most = Math.max(most, running);
      await lifecycle.time.sleep(1_000);
      running -= 1;
      // Somebody new is there at the very moment at which a place is free.
      if (latecomers.length < 10) latecomers.push(limit(work));
      return 'refreshed' as const;
    };
    const latecomers: Promise<unknown>[] = [];

    await Promise.all(Array.from({ length: 12 }, () => limit(work)));
    await Promise.all(latecomers);

    expect(most).toBe(5);
  });

  it('opens the circuit of a platform for a moment after several consecutive calls got no response', async ({
    lifecycle,
  }) => {
    const limiter = createPlatformLimiter(lifecycle.time.now);
    const limit = (work: () => Promise<Worked>) =>
      limiter({ app: tiktokApp, concurrency: async () => 5, work });
    let asked = 0;
    const work = async () => {
      asked += 1;
      return 'postponed' as const;
    };

    for (let call = 0; call < 9; call += 1) await limit(work);
    const before = asked;
    lifecycle.time.advance(20_000);
    for (let call = 0; call < 3; call += 1) await limit(work);

    expect([before, asked]).toEqual([5, 6]);
  });
});

describe.each(['refresh', 'rescue', 'jobs'] as const)('a poisoned message in the %s queue', (name) => {
  it.for(['not JSON', '{}', '[]', 'null', '{"jobId":7,"tenantId":["harbour"]}'])(
    'ends in the dead-letter queue: %s',
    async (body, { lifecycle }) => {
      await lifecycle.queues.send(name, body);

      const rounds = [];
      for (let round = 0; round < 6; round += 1) {
        rounds.push(await lifecycle.queues.work(name, lifecycle.newInstance()));
      }

      expect(rounds.slice(0, 5).every(({ failed }) => failed === 1)).toBe(true);
      expect(rounds[5]).toEqual({ received: 0, failed: 0 });
      expect(await lifecycle.queues.dead(name)).toContain(body);
      expect(lifecycle.lines.join('\n')).not.toContain('harbour"]');
    },
  );
});

it('a refresh returns its token even if its event cannot be published', async ({ lifecycle }) => {
  const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
  lifecycle.fault = ({ action }) =>
    action.startsWith('sqs:') ? { error: 'ServiceUnavailable', status: 503 } : undefined;

  const token = await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));
  lifecycle.fault = undefined;

  expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
  expect(await recordOf(lifecycle, connection)).toMatchObject({ generation: connection.generation + 1 });
});
