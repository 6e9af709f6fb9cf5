/**
 * Connections in the table, under optimistic locking: every write is conditional on the generation and the state that
 * were read, so a refresh, a reconnect and a disconnect in flight at once never overwrite each other's changes.
 */
import type { AccountId, AppId, ProviderId, TenantId, UserId } from '../ids.ts';
import { absent, allOf, type Condition, equals } from '../table/condition.ts';
import {
  accountPartition,
  connectionIndexEntries,
  connectionKey,
  connectionSort,
  connectionSortPrefix,
  dueIndexEntry,
  parkedIndexEntry,
  parseConnectionKey,
  parseConnectionSort,
  platformUserPartition,
  tenantPartition,
} from '../table/keys.ts';
import type { Item, Table } from '../table/table.ts';
import {
  type Connection,
  connectionRecord,
  type SealedConnection,
  sealedConnectionRecord,
} from './connection.ts';
import type { ConnectionChange, Decision } from './connection-change.ts';
import {
  type Placed,
  type Placement,
  placeConnection,
  type Update,
  updateConnection,
} from './connection-updates.ts';

export type ConnectionStore = ReturnType<typeof createConnectionStore>;

/** The primary key of a connection. */
export interface ConnectionReference {
  readonly tenantId: TenantId;
  readonly provider: ProviderId;
  readonly accountId: AccountId;
}

/** A due connection, as the index lists it. */
export interface DueEntry {
  readonly reference: ConnectionReference;
  /** Its position in the partition. */
  readonly sort: string;
}

export interface ConnectionPage {
  readonly connections: readonly Connection[];
  /** Where the next page begins: a position in the sort order; it is not secret and grants nothing. */
  readonly cursor: string | undefined;
}

const openAttributes = Object.keys(connectionRecord.shape);

export function createConnectionStore(table: Table) {
  return {
    get,

    /** Stores a new connection. Returns whether the account was free. */
    create,

    /** Replaces the connection that was read by the reconnected one. Returns whether it was still unchanged. */
    replace,

    /**
     * Decides what to write and writes it, on condition that no other writer has changed the connection since it was
     * read. On a conflict it reads and decides again.
     * @param seen the connection as it was last read; the first decision is about that reading.
     */
    update<Seen extends Connection, Reason extends string>(
      seen: Seen,
      decide: (current: Seen | SealedConnection) => Decision<Reason> | Promise<Decision<Reason>>,
    ): Promise<Update<Seen, Reason>> {
      return updateConnection({ read: readAgain, write: change }, seen, decide);
    },

    /** Decides what an account's new credentials make of its stored connection, if it has one. */
    place<Reason extends string>(
      { tenantId, provider, accountId }: ConnectionReference,
      decide: (before: SealedConnection | undefined) => Placement<Reason>,
    ): Promise<Placed<Reason>> {
      return placeConnection(
        {
          read: () => get(tenantId, provider, accountId),
          put: (before, after) => (before ? replace(before, after) : create(after)),
        },
        decide,
      );
    },

    /** One conditional write of {@link update}. Returns the connection after it; nothing on a conflict. */
    change,

    /** The same, also conditional on the due date: of all workers that found a connection due, one claims it. */
    claim(before: Connection, claimed: ConnectionChange): Promise<SealedConnection | undefined> {
      const due = before.dueAt === undefined ? absent('dueAt') : equals('dueAt', before.dueAt);
      return write(before, claimed, allOf(isStill(before), due));
    },

    /**
     * Moves a due connection to the partition of its paused provider. Its `dueAt` stays, and every later write of
     * `dueAt` moves it back. Returns whether it was still due as it was read.
     */
    async park(before: Connection): Promise<boolean> {
      if (before.dueAt === undefined) return false;
      const set = parkedIndexEntry(before.provider, before.id, before.dueAt);
      const stillDue = allOf(equals('id', before.id), equals('dueAt', before.dueAt));
      return (await table.update(keyOf(before), { set }, stillDue)) !== undefined;
    },

    /** Deletes a connection that is still as it was read. Returns whether it is deleted. */
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

    /** One page of the due connections in one partition of the due index, oldest first: one Query. */
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
    byPlatformUser: (appId: AppId, platformUserId: string) =>
      all('byPlatformUser', platformUserPartition(appId, platformUserId)),

    /** The connections, of all tenants, of one account of one provider app. */
    byAccount: (appId: AppId, accountId: AccountId) => all('byAccount', accountPartition(appId, accountId)),
  };

  async function get(
    tenantId: TenantId,
    provider: ProviderId,
    accountId: AccountId,
  ): Promise<SealedConnection | undefined> {
    const item = await table.get(connectionKey(tenantId, provider, accountId));
    return item && sealedConnectionRecord.parse(item);
  }

  function readAgain({ tenantId, provider, accountId }: Connection): Promise<SealedConnection | undefined> {
    return get(tenantId, provider, accountId);
  }

  function create(connection: SealedConnection): Promise<boolean> {
    return table.put(keyOf(connection), toItem(connection));
  }

  function replace(before: Connection, after: SealedConnection): Promise<boolean> {
    return table.put(keyOf(before), toItem(after), isStill(before));
  }

  function change(before: Connection, wanted: ConnectionChange): Promise<SealedConnection | undefined> {
    return write(before, wanted, isStill(before));
  }

  async function write(
    before: Connection,
    wanted: ConnectionChange,
    condition: Condition,
  ): Promise<SealedConnection | undefined> {
    const set = 'dueAt' in wanted ? { ...wanted, ...dueEntryOf(before, wanted.dueAt) } : wanted;
    const remove = Object.entries(set).flatMap(([name, value]) => (value === undefined ? [name] : []));
    const item = await table.update(keyOf(before), { set, remove }, condition);
    return item && sealedConnectionRecord.parse(item);
  }

  async function all(
    index: 'byPlatformUser' | 'byAccount',
    partition: string,
  ): Promise<readonly Connection[]> {
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

/** The condition of {@link isSameState}: the same connection, with the same credentials, in the same state for the same reason. */
function isStill({ id, generation, status, statusReason }: Connection) {
  return allOf(
    equals('id', id),
    equals('generation', generation),
    equals('status', status),
    statusReason === undefined ? absent('statusReason') : equals('statusReason', statusReason),
  );
}

/** The connection's entry in the due index, or none. */
function dueEntryOf(connection: Connection, dueAt: number | undefined): Record<string, string | undefined> {
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
    ...dueEntryOf(connection, connection.dueAt),
  };
}
