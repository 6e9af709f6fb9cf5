/** The transactional outbox: each change of state is published under one id, even if the instance that made it dies before, during or after publishing. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { refreshConnection } from '../../../lib/integrations/lifecycle/refresh-token.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import type { ConnectionEvent } from '../../../lib/messages/tenant-event.ts';
import {
  accountOf,
  type LifecycleFixture,
  openLifecycleFixture,
} from '../../support/lifecycle/lifecycle-fixture.ts';
import { runUntil } from '../../support/lifecycle/process.ts';
import { expiredConnection, recordOf } from '../../support/lifecycle/steps.ts';

let fixture: LifecycleFixture;

beforeAll(async () => {
  fixture = await openLifecycleFixture();
});
afterAll(() => fixture.close());
beforeEach(() => fixture.reset());

const away = { error: 'ServiceUnavailable', status: 503 } as const;

describe('the event about an ended grant', () => {
  it('is published once, however many instances notice the end', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    fixture.platform.control({ command: 'kill_grants' });

    await Promise.allSettled(
      Array.from({ length: 5 }, () => getAccessToken(fixture.newInstance().deps, accountOf(connection))),
    );
    await minutesPass(3);

    const events = await fixture.queues.events();
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

  it('is published by the sweep when the queue refused it at first', async () => {
    const connection = await expiredConnection(fixture, fixture.newInstance());
    fixture.platform.control({ command: 'kill_grants' });
    fixture.fault = ({ action }) => (action === 'sqs:SendMessage' ? away : undefined);
    await getAccessToken(fixture.newInstance().deps, accountOf(connection)).catch(() => undefined);
    fixture.fault = undefined;
    const before = await fixture.queues.events();

    await minutesPass(3);

    expect(before).toEqual([]);
    expect((await fixture.queues.events()).map(({ type }) => type)).toEqual([
      'connection.reconnect_required',
    ]);
    expect((await recordOf(fixture, connection))?.pendingEvent).toBeUndefined();
  });

  it('keeps one id, at whichever step its publisher dies', { timeout: 90_000 }, async () => {
    for (let steps = 0; ; steps += 1) {
      const instance = fixture.newInstance();
      const connection = await expiredConnection(fixture, instance);
      fixture.platform.control({ command: 'kill_grants' });

      const { result } = await runUntil(steps, () =>
        getAccessToken(instance.deps, accountOf(connection)).catch(() => 'refused'),
      );
      fixture.time.advance(20_000);
      await getAccessToken(fixture.newInstance().deps, accountOf(connection)).catch(() => undefined);
      await minutesPass(2);
      const events = await fixture.queues.events();

      expect(new Set(events.map(({ id }) => id)).size).toBe(1);
      expect(new Set(events.map(({ type }) => type))).toEqual(new Set(['connection.reconnect_required']));
      if (result === 'refused') return;
    }
  });
});

it('an event that is published again after a refresh keeps its id', async () => {
  const instance = fixture.newInstance();
  // The event goes out, and the note that it has yet to go stays behind.
  fixture.fault = ({ action, body }) =>
    action === 'dynamodb:UpdateItem' && JSON.stringify(body).includes('REMOVE #untold') ? away : undefined;
  const connection = await fixture.connect(instance);
  fixture.fault = undefined;
  const first = await fixture.queues.events();

  await refreshConnection(fixture.newInstance().deps, (await recordOf(fixture, connection)) ?? connection);
  const second = await fixture.queues.events();

  expect(first.map(({ type }) => type)).toHaveLength(1);
  expect(second.filter(({ type }) => type === first[0]?.type).map(({ id }) => id)).toEqual(
    second.filter(({ type }) => type === first[0]?.type).map(() => first[0]?.id),
  );
  expect(second.length).toBeGreaterThan(0);
});

it('tenants receive one event about a misconfigured app and one about its recovery', async () => {
  const connection = await expiredConnection(fixture, fixture.newInstance());
  await fixture.register('s4ndb0x-secret-nobody-told-us', 'platform');

  for (let round = 0; round < 3; round += 1) {
    await getAccessToken(fixture.newInstance().deps, accountOf(connection)).catch(() => undefined);
    fixture.time.advance(10_000);
  }
  await fixture.register('s4ndb0x-mended');
  await getAccessToken(fixture.newInstance().deps, accountOf(connection));
  await minutesPass(2);

  expect((await fixture.queues.events()).map(({ type }) => type)).toEqual([
    'connection.misconfigured',
    'connection.recovered',
  ] satisfies ConnectionEvent['type'][]);
});

async function minutesPass(minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    fixture.time.advance(60_000);
    const instance = fixture.newInstance();
    await fixture.queues.sweep(instance);
    await fixture.queues.work('refresh', instance);
  }
}
