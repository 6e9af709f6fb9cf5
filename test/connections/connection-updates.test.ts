/** The loop of optimistic locking: what it writes after a conflict, and when it gives up. */
import { describe, expect, it } from 'vitest';
import type { Connection, SealedConnection } from '../../lib/connections/connection.ts';
import {
  type ConnectionChange,
  changeTo,
  isSameState,
  keepFor,
} from '../../lib/connections/connection-change.ts';
import { placeConnection, updateConnection } from '../../lib/connections/connection-updates.ts';
import type { ConnectionId } from '../../lib/ids.ts';
import { connectionIn } from './states.ts';

const sealed = { accessToken: Uint8Array.of(1) };
const first: SealedConnection = { ...connectionIn('active'), sealed };

describe('an update of a connection', () => {
  it('decides on the record it was given, and costs one write', async () => {
    const store = storeOf(first);
    const decided: Connection[] = [];

    const update = await updateConnection(store, first, (current) => {
      decided.push(current);
      return changeTo({ failures: 9 });
    });

    expect(update).toMatchObject({ kind: 'changed', connection: { failures: 9 } });
    expect(decided).toEqual([first]);
    expect(store.calls).toEqual(['write']);
  });

  it('reads the record again after each conflict and decides on what the other writer stored', async () => {
    const store = storeOf({ ...first, generation: 8 });

    const update = await updateConnection(store, first, ({ generation }) =>
      changeTo({ expiresAt: generation }),
    );

    expect(update).toMatchObject({ kind: 'changed', connection: { generation: 8, expiresAt: 8 } });
    expect(store.calls).toEqual(['write', 'read', 'write']);
  });

  it('leaves the record of the other writer in place when the second decision says so', async () => {
    const newer = { ...first, generation: 8 };
    const store = storeOf(newer);

    const update = await updateConnection(store, first, ({ generation }) =>
      generation === 7 ? changeTo({ failures: 9 }) : keepFor('overtaken'),
    );

    expect(update).toEqual({ kind: 'unchanged', reason: 'overtaken', connection: newer });
    expect(store.calls).toEqual(['write', 'read']);
  });

  it.each([
    ['was deleted', undefined],
    ['was deleted and made again', { ...first, id: 'con_2' as ConnectionId }],
  ])('finds the connection gone that %s', async (_, stored) => {
    const update = await updateConnection(storeOf(stored), first, () => changeTo({ failures: 9 }));

    expect(update).toEqual({ kind: 'gone' });
  });

  it('fails after eight conflicts', async () => {
    const store = storeOf({ ...first, generation: 8 }, 'raises_generation_at_each_read');

    const update = await updateConnection(store, first, () => changeTo({ failures: 9 }));

    expect(update).toEqual({ kind: 'contended' });
    expect(store.calls.filter((call) => call === 'write')).toHaveLength(8);
  });
});

describe('a placement of a connection', () => {
  it('returns the record that it replaced, after conflicts too', async () => {
    let conflicts = 2;
    const newer = { ...first, generation: 8 };

    const placed = await placeConnection(
      { read: async () => first, put: async () => conflicts-- <= 0 },
      () => ({ kind: 'put', connection: newer }),
    );

    expect(placed).toEqual({ kind: 'stored', connection: newer, replaced: first });
  });

  it('writes nothing when the decision is to keep the stored record', async () => {
    const placed = await placeConnection(
      { read: async () => first, put: () => Promise.reject(new Error('There was nothing to put.')) },
      () => ({ kind: 'keep', reason: 'taken' }),
    );

    expect(placed).toEqual({ kind: 'unchanged', reason: 'taken', connection: first });
  });
});

/** One record in memory, written on the condition that the table uses. */
function storeOf(stored: SealedConnection | undefined, rival?: 'raises_generation_at_each_read') {
  let record = stored;
  const calls: ('read' | 'write')[] = [];
  return {
    calls,
    async read() {
      calls.push('read');
      const found = record;
      if (rival && record) record = { ...record, generation: record.generation + 1 };
      return found;
    },
    async write(before: Connection, { failures, expiresAt }: ConnectionChange) {
      calls.push('write');
      if (!record || !isSameState(before, record)) return undefined;
      record = {
        ...record,
        ...(failures !== undefined && { failures }),
        ...(expiresAt !== undefined && { expiresAt }),
      };
      return record;
    },
  };
}
