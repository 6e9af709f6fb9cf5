/** Receipts of ended connections: what happened to each of their tokens. They outlive the deleted record by a year. */
import * as z from 'zod/mini';
import type { ConnectionId } from '../ids.ts';
import { unconditional } from '../table/condition.ts';
import { revocationReceiptKey } from '../table/keys.ts';
import type { Table } from '../table/table.ts';
import { type TokenReceipt, tokenReceipt } from '../vocabulary.ts';
import type { Connection } from './connection.ts';

const keptSeconds = 365 * 86_400;
const record = z.object({ tokens: z.array(tokenReceipt) });

export type RevocationReceipts = ReturnType<typeof createRevocationReceipts>;

export function createRevocationReceipts(table: Table, now: () => number) {
  return {
    async keep(connection: Connection, tokens: readonly TokenReceipt[]): Promise<void> {
      const { id, tenantId, userId, provider, accountId } = connection;
      const at = now();
      const item = {
        tenantId,
        userId,
        provider,
        accountId,
        tokens,
        at,
        ttl: Math.floor(at / 1000) + keptSeconds,
      };
      await table.put(revocationReceiptKey(id), item, unconditional);
    },

    async of(id: ConnectionId): Promise<readonly TokenReceipt[] | undefined> {
      return record.safeParse(await table.get(revocationReceiptKey(id))).data?.tokens;
    },
  };
}
