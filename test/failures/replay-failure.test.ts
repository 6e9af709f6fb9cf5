/** A replay sends a message back to its queue if a worker can parse it, and leaves every other failure unchanged. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Message } from '../../lib/aws/queue.ts';
import { createFailureStore, type FailureStore } from '../../lib/failures/failure-store.ts';
import { type ReplayDeps, replayFailure, requireReplayed } from '../../lib/failures/replay-failure.ts';
import { filedQueue } from '../../lib/vocabulary.ts';
import { openDeliveryFixture } from '../support/deliveries/delivery-fixture.ts';
import { tenantId } from '../support/records.ts';

let fixture: Awaited<ReturnType<typeof openDeliveryFixture>>;
let failures: FailureStore;
let deps: ReplayDeps;
let sent: (readonly [queue: string, message: Message])[];

beforeAll(async () => {
  fixture = await openDeliveryFixture();
  failures = createFailureStore(fixture.table, fixture.deps.now);
});
beforeEach(() => {
  sent = [];
  const queue = (name: string) => ({
    send: async (message: Message) => void sent.push([name, message]),
    sendAll: () => Promise.reject(new Error('A replay sends one message.')),
  });
  deps = {
    failures,
    queues: { incoming: queue('incoming'), events: queue('events'), deliveries: queue('deliveries') },
  };
});
afterAll(() => fixture.close());

const event = { id: 'evt_1', type: 'comments', tenantId, occurredAt: '2026-01-01T00:00:00.000Z', data: {} };
const delivery = { kind: 'delivery', destinationId: 'dst_1', tenantId, event };

async function file(queue: 'incoming' | 'events' | 'deliveries', message: string): Promise<string> {
  const id = crypto.randomUUID();
  const described = { queue, type: 'comments', tenantId, fields: [], error: 'PROCESSING_FAILED' };
  await failures.file({ ...described, id, bytes: message.length, tries: 5, sentAt: 1 }, message);
  return id;
}

it('a replay queues an abandoned delivery as a new one and marks the failure as replayed', async () => {
  const id = await file('deliveries', JSON.stringify({ ...delivery, givenUp: { tries: 19, sentAt: 1 } }));

  const replay = await replayFailure(deps, tenantId, id);

  expect(sent).toEqual([['deliveries', { body: delivery, group: tenantId }]]);
  expect(replay).toMatchObject({ kind: 'replayed', failure: { id, status: 'replayed' } });
  expect(requireReplayed(replay)).toMatchObject({ id });
  expect(await failures.get(tenantId, id)).toMatchObject({ status: 'replayed' });
});

it.each(
  filedQueue.options.flatMap(
    (queue) =>
      [
        [queue, 'text that is not JSON', 's4ndb0x, and no JSON'],
        [queue, 'JSON of no known kind', '{"kind":"s4ndb0x"}'],
        [queue, 'a message of another queue', '{"kind":"run_job","jobId":"s4ndb0x"}'],
      ] as const,
  ),
)(
  'a replay refuses to send the queue %s a body that its worker cannot parse: %s',
  async (queue, _what, message) => {
    const id = await file(queue, message);

    const replay = await replayFailure(deps, tenantId, id);

    expect(replay).toEqual({ kind: 'unreadable' });
    expect(sent).toEqual([]);
    expect(await failures.get(tenantId, id)).toMatchObject({ status: 'failed' });
    expect(await failures.message(tenantId, id)).toBe(message);
    expect(() => requireReplayed(replay)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.not.stringContaining('s4ndb0x') }),
    );
  },
);

it('a replay finds no failure under an unknown id or for another tenant', async () => {
  const id = await file('deliveries', JSON.stringify(delivery));

  const replays = [await replayFailure(deps, tenantId, 'none'), await replayFailure(deps, undefined, id)];

  expect(replays).toEqual([{ kind: 'not_found' }, { kind: 'not_found' }]);
  expect(sent).toEqual([]);
  expect(() => requireReplayed({ kind: 'not_found' })).toThrow(
    expect.objectContaining({ code: 'NOT_FOUND' }),
  );
});
