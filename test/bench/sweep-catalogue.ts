/** What a sweep reads of a thousand due connections, spread over as many providers as are known. */
import { createConnectionStore } from '../../lib/connections/connection-store.ts';
import type { AccountId, ConnectionId, ProviderId, TenantId } from '../../lib/ids.ts';
import { sweepDue } from '../../lib/integrations/worker/sweep-due.ts';
import { createSweepPositionStore } from '../../lib/integrations/worker/sweep-position.ts';
import { connectionKey, dueIndexEntry } from '../../lib/table/keys.ts';
import { nothingConsumed } from './refresh-capacity.ts';
import { openCountingStore } from './refresh-counting-table.ts';

const now = Date.UTC(2026, 10, 20, 12);
const due = 1_000;

/** Read units of one sweep. */
export async function sweepUnitsWith(providersKnown: number): Promise<number> {
  const stored = openCountingStore();
  const setUp = stored.open(nothingConsumed());
  for (let account = 0; account < due; account += 1) {
    const provider = `provider-${String(account % providersKnown).padStart(4, '0')}` as ProviderId;
    const accountId = String(account).padStart(8, '0') as AccountId;
    const id = `con_${String(account).padStart(22, 'A')}` as ConnectionId;
    await setUp.put(
      connectionKey('tenant-1' as TenantId, provider, accountId),
      dueIndexEntry(id, now - account),
    );
  }
  const consumed = nothingConsumed();
  const table = stored.open(consumed);
  let sent = 0;
  await sweepDue({
    connections: createConnectionStore(table),
    positions: createSweepPositionStore(openCountingStore().open(consumed)),
    pauses: { read: async () => ({ paused: [], resumed: [] }) },
    queue: {
      send: async () => undefined,
      sendAll: async (messages) => {
        sent += messages.length;
      },
    },
    backlog: async () => 0,
    now: () => now,
    log: () => undefined,
  });
  if (sent !== due) throw new Error(`The sweep sent ${sent} of ${due}.`);
  return consumed.readUnits;
}
