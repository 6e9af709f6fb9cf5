import { describe, expect } from 'vitest';
import { refreshConnection } from '../../../lib/integrations/lifecycle/refresh-token.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import type { ConnectionEvent } from '../../../lib/messages/tenant-event.ts';
import { it } from '../../support/fixtures/lifecycle.ts';
import { accountOf, type LifecycleFixture } from '../../support/lifecycle/lifecycle-fixture.ts';
import { runUntil } from '../../support/lifecycle/process.ts';
import { expiredConnection, recordOf } from '../../support/lifecycle/steps.ts';

const away = { error: 'ServiceUnavailable', status: 503 } as const;

describe('the event about an ended grant', () => {
  it('is published once, however many instances notice the end', async ({ lifecycle }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    lifecycle.platform.control({ command: 'kill_grants' });

    await Promise.allSettled(
      Array.from({ length: 5 }, () => getAccessToken(lifecycle.newInstance().deps, accountOf(connection))),
    );
    await minutesPass(lifecycle, 3);

    const events = await lifecycle.queues.events();
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

  it('is published by the sweep when the queue refused it at first', async ({ lifecycle }) => {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    lifecycle.platform.control({ command: 'kill_grants' });
    lifecycle.fault = ({ action }) => (action === 'sqs:SendMessage' ? away : undefined);
    await getAccessToken(lifecycle.newInstance().deps, accountOf(connection)).catch(() => undefined);
    lifecycle.fault = undefined;
    const before = await lifecycle.queues.events();

    await minutesPass(lifecycle, 3);

    expect(before).toEqual([]);
    expect((await lifecycle.queues.events()).map(({ type }) => type)).toEqual([
      'connection.reconnect_required',
    ]);
    expect((await recordOf(lifecycle, connection))?.pendingEvent).toBeUndefined();
  });

  it('keeps one id, at whichever step its publisher dies', async ({ lifecycle }) => {
    for (let steps = 0; ; steps += 1) {
      const instance = lifecycle.newInstance();
      const connection = await expiredConnection(lifecycle, instance);
      lifecycle.platform.control({ command: 'kill_grants' });

      const { result } = await runUntil(steps, () =>
        getAccessToken(instance.deps, accountOf(connection)).catch(() => 'refused'),
      );
      lifecycle.time.advance(20_000);
      await getAccessToken(lifecycle.newInstance().deps, accountOf(connection)).catch(() => undefined);
      await minutesPass(lifecycle, 2);
      const events = await lifecycle.queues.events();

      expect(new Set(events.map(({ id }) => id)).size).toBe(1);
      expect(new Set(events.map(({ type }) => type))).toEqual(new Set(['connection.reconnect_required']));
      if (result === 'refused') return;
    }
  });
});

it('an event that is published again after a refresh keeps its id', async ({ lifecycle }) => {
  const instance = lifecycle.newInstance();
  // The event goes out, and the note that it has yet to go stays behind.
  lifecycle.fault = ({ action, body }) =>
    action === 'dynamodb:UpdateItem' && JSON.stringify(body).includes('REMOVE #pendingEvent')
      ? away
      : undefined;
  const connection = await lifecycle.connect(instance);
  lifecycle.fault = undefined;
  const first = await lifecycle.queues.events();

  await refreshConnection(
    lifecycle.newInstance().deps,
    (await recordOf(lifecycle, connection)) ?? connection,
  );
  const second = await lifecycle.queues.events();

  expect(first.map(({ type }) => type)).toHaveLength(1);
  expect(second.filter(({ type }) => type === first[0]?.type).map(({ id }) => id)).toEqual(
    second.filter(({ type }) => type === first[0]?.type).map(() => first[0]?.id),
  );
  expect(second.length).toBeGreaterThan(0);
});

it('tenants receive one event about a misconfigured app and one about its recovery', async ({
  lifecycle,
}) => {
  const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
  await lifecycle.register('s4ndb0x-secret-nobody-told-us', 'platform');

  for (let round = 0; round < 3; round += 1) {
    await getAccessToken(lifecycle.newInstance().deps, accountOf(connection)).catch(() => undefined);
    lifecycle.time.advance(10_000);
  }
  await lifecycle.register('s4ndb0x-mended');
  await getAccessToken(lifecycle.newInstance().deps, accountOf(connection));
  await minutesPass(lifecycle, 2);

  expect((await lifecycle.queues.events()).map(({ type }) => type)).toEqual([
    'connection.misconfigured',
    'connection.recovered',
  ] satisfies ConnectionEvent['type'][]);
});

async function minutesPass(lifecycle: LifecycleFixture, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    lifecycle.time.advance(60_000);
    const instance = lifecycle.newInstance();
    await lifecycle.queues.sweep(instance);
    await lifecycle.queues.work('refresh', instance);
  }
}
