/** SQS delivers a message twice, out of order, again after a crash, or a malformed one: the record decides, not the message. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AppId } from '../../../lib/ids.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import { createPlatformLimiter } from '../../../lib/integrations/worker/platform-limiter.ts';
import type { Worked } from '../../../lib/integrations/worker/work-connection.ts';
import { workConnection } from '../../../lib/integrations/worker/work-connection.ts';
import {
  accountOf,
  type LifecycleFixture,
  openLifecycleFixture,
} from '../../support/lifecycle/lifecycle-fixture.ts';
import { runUntil } from '../../support/lifecycle/process.ts';
import {
  expiredConnection,
  lifetimeMilliseconds,
  recordOf,
  tokenCalls,
} from '../../support/lifecycle/steps.ts';
import { tiktok } from '../../support/lifecycle/tenant-at-platform.ts';

const tiktokApp = String(tiktok) as AppId;
let fixture: LifecycleFixture;

beforeAll(async () => {
  fixture = await openLifecycleFixture();
});
afterAll(() => fixture.close());
beforeEach(() => fixture.reset());

describe('the refresh queue', () => {
  it('causes one refresh, however often a message arrives: in one batch, in the next or in two at once', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    const [one, two] = [fixture.newInstance(), fixture.newInstance()];
    await fixture.queues.sweep(one);
    await fixture.queues.sweep(two);

    const [first, second] = await Promise.all([
      fixture.queues.work('refresh', one, (messages) => [...messages, ...messages]),
      workConnection(two.deps, connection),
    ]);
    await fixture.queues.send('refresh', JSON.stringify({ kind: 'connection_due', ...connection }));
    const late = await fixture.queues.work('refresh', fixture.newInstance());

    expect([first.failed, late.failed]).toEqual([0, 0]);
    expect(['renewed', 'nothing']).toContain(second);
    expect(tokenCalls(fixture)).toBe(1);
    expect(await recordOf(fixture, connection)).toMatchObject({ generation: connection.generation + 1 });
  });

  it('refreshes every connection in any order of its messages', async () => {
    const instance = fixture.newInstance();
    const connections = [];
    for (const person of ['mira', 'jose', 'sora']) connections.push(await fixture.connect(instance, person));
    fixture.platform.control({ command: 'reset_calls' });
    fixture.time.advance(lifetimeMilliseconds);
    await fixture.queues.sweep(instance);

    await fixture.queues.work('refresh', instance, (messages) => messages.toReversed());

    expect(tokenCalls(fixture)).toBe(3);
    for (const connection of connections) {
      expect(await recordOf(fixture, connection)).toMatchObject({ generation: connection.generation + 1 });
    }
  });

  it('ignores a message that is redelivered after its worker stored the token and died', async () => {
    const instance = fixture.newInstance();
    const connection = await expiredConnection(fixture, instance);
    await runUntil(16, () => workConnection(instance.deps, connection));
    const stored = await recordOf(fixture, connection);

    const again = await workConnection(fixture.newInstance().deps, connection);

    expect(stored?.generation).toBe(connection.generation + 1);
    expect(again).toBe('nothing');
    expect(tokenCalls(fixture)).toBe(1);
  });

  it('ignores a message about a deleted connection', async () => {
    const instance = fixture.newInstance();
    const connection = await expiredConnection(fixture, instance);
    await instance.deps.connections.remove(connection);

    expect(await workConnection(instance.deps, connection)).toBe('nothing');
    expect(tokenCalls(fixture)).toBe(0);
  });

  it('works the valid messages of a batch that contains a bad one', async () => {
    const instance = fixture.newInstance();
    const connection = await expiredConnection(fixture, instance);
    await fixture.queues.send('refresh', '{"tenantId":"harbour"}');
    await fixture.queues.sweep(instance);

    const worked = await fixture.queues.work('refresh', instance);
    await fixture.queues.empty('refresh');

    expect(worked).toEqual({ received: 2, failed: 1 });
    expect(await recordOf(fixture, connection)).toMatchObject({ generation: connection.generation + 1 });
  });
});

describe('the platform limiter of a worker', () => {
  it('runs no more concurrent calls to a platform than the platform allows, in any order of arrival', async () => {
    const limiter = createPlatformLimiter(fixture.time.now);
    const limit = (work: () => Promise<Worked>) =>
      limiter({ app: tiktokApp, concurrency: async () => 5, work });
    let running = 0;
    let most = 0;
    const work = async () => {
      running += 1;
      most = Math.max(most, running);
      await fixture.time.sleep(1_000);
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

  it('opens the circuit of a platform for a moment after several consecutive calls got no response', async () => {
    const limiter = createPlatformLimiter(fixture.time.now);
    const limit = (work: () => Promise<Worked>) =>
      limiter({ app: tiktokApp, concurrency: async () => 5, work });
    let asked = 0;
    const work = async () => {
      asked += 1;
      return 'postponed' as const;
    };

    for (let call = 0; call < 9; call += 1) await limit(work);
    const before = asked;
    fixture.time.advance(20_000);
    for (let call = 0; call < 3; call += 1) await limit(work);

    expect([before, asked]).toEqual([5, 6]);
  });
});

describe.each(['refresh', 'rescue', 'jobs'] as const)('a poisoned message in the %s queue', (name) => {
  it.each(['not JSON', '{}', '[]', 'null', '{"jobId":7,"tenantId":["harbour"]}'])(
    'ends in the dead-letter queue: %s',
    async (body) => {
      await fixture.queues.send(name, body);

      const rounds = [];
      for (let round = 0; round < 6; round += 1) {
        rounds.push(await fixture.queues.work(name, fixture.newInstance()));
      }

      expect(rounds.slice(0, 5).every(({ failed }) => failed === 1)).toBe(true);
      expect(rounds[5]).toEqual({ received: 0, failed: 0 });
      expect(await fixture.queues.dead(name)).toContain(body);
      expect(fixture.lines.join('\n')).not.toContain('harbour"]');
    },
  );
});

it('a refresh returns its token even if its event cannot be published', async () => {
  const connection = await expiredConnection(fixture, fixture.newInstance());
  fixture.fault = ({ action }) =>
    action.startsWith('sqs:') ? { error: 'ServiceUnavailable', status: 503 } : undefined;

  const token = await getAccessToken(fixture.newInstance().deps, accountOf(connection));
  fixture.fault = undefined;

  expect(await fixture.isGood(token.accessToken.reveal())).toBe(true);
  expect(await recordOf(fixture, connection)).toMatchObject({ generation: connection.generation + 1 });
});
