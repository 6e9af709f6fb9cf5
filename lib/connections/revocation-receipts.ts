/** Receipts of ended connections: what became of each of their tokens. Kept for a year, when the record itself is long gone. */
import * as z from 'zod/mini';
import type { ConnectionId } from '../ids.ts';
import { whatever } from '../table/condition.ts';
import { revocationReceiptKey } from '../table/keys.ts';
import type { Table } from '../table/table.ts';
import type { Connection } from './connection.ts';

/** What became of one token. */
export interface TokenReceipt {
  readonly token: 'access_token' | 'refresh_token';
  readonly outcome: /** Shown to the platform, which confirmed its end. */
    | 'revoked'
    /** Ended with the one that was shown, by the platform's rules. */
    | 'ended_with_it'
    /** Left alive, because the grant serves another live connection. */
    | 'left_to_shared_grant'
    /** Nothing can end it but its age. */
    | 'dies_of_age';
}

const keptSeconds = 365 * 86_400;
const record = z.object({
  tokens: z.array(
    z.object({
      token: z.enum(['access_token', 'refresh_token']),
      outcome: z.enum(['revoked', 'ended_with_it', 'left_to_shared_grant', 'dies_of_age']),
    }),
  ),
});

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
      await table.put(revocationReceiptKey(id), item, whatever);
    },

    async of(id: ConnectionId): Promise<readonly TokenReceipt[] | undefined> {
      return record.safeParse(await table.get(revocationReceiptKey(id))).data?.tokens;
    },
  };
}
