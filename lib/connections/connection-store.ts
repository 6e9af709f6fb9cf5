/**
 * Connections in the table. Every write names the generation it saw, so that of a refresh, a reconnect and a
 * disconnect in flight at once each knows whether it still speaks of the credentials that are there.
 */
import type { AccountId, ContextId, ProviderId, TenantId, UserId } from '../ids.ts';
import { absent, allOf, type Condition, equals } from '../table/condition.ts';
import {
  accountPartition,
  connectionIndexEntries,
  connectionKey,
  connectionSort,
  connectionSortPrefix,
  dueIndexEntry,
  ownerPartition,
  parkedIndexEntry,
  parseConnectionKey,
  parseConnectionSort,
  tenantPartition,
} from '../table/keys.ts';
import type { Item, Table } from '../table/table.ts';
import {
  type Connection,
  connectionRecord,
  type SealedConnection,
  sealedConnectionRecord,
} from './connection.ts';

export type ConnectionStore = ReturnType<typeof createConnectionStore>;

/** What a refresh or a change of state may change; identity and placement never. `undefined` removes what was there. */
export type ConnectionChange = {
  readonly [Name in Changeable]?: SealedConnection[Name] | undefined;
};

type Changeable =
  | 'status'
  | 'statusReason'
  | 'statusSince'
  | 'generation'
  | 'scopes'
  | 'tokenType'
  | 'obtainedAt'
  | 'expiresAt'
  | 'refreshExpiresAt'
  | 'refreshable'
  | 'dueAt'
  | 'failures'
  | 'lastUsedAt'
  | 'untold'
  | 'revocation'
  | 'updatedAt'
  | 'sealed';

/** What finds a connection. */
export interface ConnectionReference {
  readonly tenantId: TenantId;
  readonly provider: ProviderId;
  readonly accountId: AccountId;
}

/** A connection that is due, as the index knows it. */
export interface DueEntry {
  readonly reference: ConnectionReference;
  /** Its position in the partition. */
  readonly sort: string;
}

export interface ConnectionPage {
  readonly connections: readonly Connection[];
  /** Where the next page begins: a position in the sort order, no secret and no permission. */
  readonly cursor: string | undefined;
}

const openAttributes = Object.keys(connectionRecord.shape);

export function createConnectionStore(table: Table) {
  return {
    async get(
      tenantId: TenantId,
      provider: ProviderId,
      accountId: AccountId,
    ): Promise<SealedConnection | undefined> {
      const item = await table.get(connectionKey(tenantId, provider, accountId));
      return item && sealedConnectionRecord.parse(item);
    },

    /** Stores a new connection. Answers whether the account was free. */
    create(connection: SealedConnection): Promise<boolean> {
      return table.put(keyOf(connection), toItem(connection));
    },

    /** Puts a reconnected one in the place of the one that was read. Answers whether nobody came between. */
    replace(before: Connection, after: SealedConnection): Promise<boolean> {
      return table.put(keyOf(before), toItem(after), isStill(before));
    },

    /** Changes a connection that is still as it was read. Answers it as it is now, or nothing when somebody came between. */
    change: (before: Connection, change: ConnectionChange) => write(before, change, isStill(before)),

    /** Says when a due connection is due again. Of all who found it due one gets it as it is now; the others nothing. */
    claim(before: Connection, dueAt: number | undefined): Promise<SealedConnection | undefined> {
      const due = before.dueAt === undefined ? absent('dueAt') : equals('dueAt', before.dueAt);
      return write(before, { dueAt }, allOf(isStill(before), due));
    },

    /**
     * Moves a due connection to the partition of its paused provider. Its `dueAt` stays, and every later write of
     * `dueAt` moves it back. Answers whether it still was due as it was read.
     */
    async park(before: Connection): Promise<boolean> {
      if (before.dueAt === undefined) return false;
      const set = parkedIndexEntry(before.provider, before.id, before.dueAt);
      const stillDue = allOf(equals('id', before.id), equals('dueAt', before.dueAt));
      return (await table.update(keyOf(before), { set }, stillDue)) !== undefined;
    },

    /** Deletes a connection that is still as it was read. Answers whether it is gone. */
    remove(before: Connection): Promise<boolean> {
      return table.delete(keyOf(before), isStill(before));
    },

    /** A tenant's connections, or one user's, or one user's at one provider, sorted by user, provider, account. */
    async list(query: {
      readonly tenantId: TenantId;
      readonly userId?: UserId;
      readonly provider?: ProviderId;
      readonly limit: number;
      readonly cursor?: string;
    }): Promise<ConnectionPage | 'invalid_cursor'> {
      const { tenantId, userId, provider, limit, cursor } = query;
      const sortPrefix = connectionSortPrefix(userId, provider);
      const position = cursor === undefined ? undefined : readCursor(cursor);
      if (position === undefined ? cursor !== undefined : !sortOf(position).startsWith(sortPrefix)) {
        return 'invalid_cursor';
      }
      const page = await table.page(
        {
          index: 'byTenant',
          partition: tenantPartition(tenantId),
          sortPrefix,
          limit,
          ...(position && {
            after: {
              ...connectionKey(tenantId, position.provider, position.accountId),
              tenantKey: tenantPartition(tenantId),
              tenantSort: sortOf(position),
            },
          }),
        },
        openAttributes,
      );
      return {
        connections: page.items.map((item) => connectionRecord.parse(item)),
        cursor: page.last && Buffer.from(String(page.last['tenantSort'])).toString('base64url'),
      };
    },

    /** One page, one Query, of what is due in a partition of the index, the longest due first. */
    async due(query: {
      readonly partition: string;
      readonly from?: string | undefined;
      readonly upTo: string;
      readonly limit: number;
      readonly after?: Item | undefined;
    }): Promise<{ readonly entries: readonly DueEntry[]; readonly last: Item | undefined }> {
      const { from, after, ...range } = query;
      const { items, last } = await table.query({
        index: 'byDue',
        ...range,
        ...(from !== undefined && { from }),
        ...(after && { after }),
      });
      const entries = items.flatMap((item) => {
        const reference = parseConnectionKey(String(item['pk']));
        return reference ? [{ reference, sort: String(item['dueSort']) }] : [];
      });
      return { entries, last };
    },

    /** The connections, of all tenants, that one platform user's consents to one provider app gave. */
    byOwner: (context: ContextId, owner: string) => all('byOwner', ownerPartition(context, owner)),

    /** The connections, of all tenants, of one account of one provider app. */
    byAccount: (context: ContextId, accountId: AccountId) =>
      all('byAccount', accountPartition(context, accountId)),
  };

  async function write(
    before: Connection,
    change: ConnectionChange,
    condition: Condition,
  ): Promise<SealedConnection | undefined> {
    const set = 'dueAt' in change ? { ...change, ...placeWhenDue(before, change.dueAt) } : change;
    const remove = Object.entries(set).flatMap(([name, value]) => (value === undefined ? [name] : []));
    const item = await table.update(keyOf(before), { set, remove }, condition);
    return item && sealedConnectionRecord.parse(item);
  }

  async function all(index: 'byOwner' | 'byAccount', partition: string): Promise<readonly Connection[]> {
    const connections: Connection[] = [];
    let after: Item | undefined;
    do {
      const page = await table.page(
        { index, partition, limit: 100, ...(after && { after }) },
        openAttributes,
      );
      connections.push(...page.items.map((item) => connectionRecord.parse(item)));
      after = page.last;
    } while (after);
    return connections;
  }
}

/** The record is the one that was read: the same connection, the same credentials, in the same state for the same reason. */
function isStill({ id, generation, status, statusReason }: Connection) {
  return allOf(
    equals('id', id),
    equals('generation', generation),
    equals('status', status),
    statusReason === undefined ? absent('statusReason') : equals('statusReason', statusReason),
  );
}

/** Its place among what is due, or none. */
function placeWhenDue(connection: Connection, dueAt: number | undefined): Record<string, string | undefined> {
  return dueAt === undefined
    ? { dueKey: undefined, dueSort: undefined }
    : dueIndexEntry(connection.id, dueAt);
}

function keyOf(connection: Connection) {
  return connectionKey(connection.tenantId, connection.provider, connection.accountId);
}

function sortOf(position: {
  readonly userId: UserId;
  readonly provider: ProviderId;
  readonly accountId: AccountId;
}) {
  return connectionSort(position.userId, position.provider, position.accountId);
}

function readCursor(cursor: string) {
  return parseConnectionSort(Buffer.from(cursor, 'base64url').toString('utf8'));
}

function toItem(connection: SealedConnection): Item {
  return {
    ...connection,
    ...connectionIndexEntries(connection),
    ...placeWhenDue(connection, connection.dueAt),
  };
}
