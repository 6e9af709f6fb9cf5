/**
 * The one place where DynamoDB keys are built. Every component is encoded, so that no id, whatever its
 * characters, can forge the key of another record.
 */
import type { AccountId, AppId, ConnectionId, FlowId, ProviderId, TenantId, UserId } from '../ids.ts';

/** Primary key of an item in either table. */
export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** The indexes of the Connections table: name, partition and sort attribute. All are KEYS_ONLY. */
export const indexes = {
  /** A tenant's records, connections sorted by user, provider, account. */
  byTenant: { name: 'by-tenant', partition: 'tenantKey', sort: 'tenantSort' },
  /** The connections of one account of one provider app. */
  byAccount: { name: 'by-account', partition: 'accountKey', sort: 'accountSort' },
  /** The connections that one platform user's consents to one provider app gave; sparse. */
  byPlatformUser: { name: 'by-platform-user', partition: 'platformUserKey', sort: 'platformUserSort' },
  /** What is to be done and when; sparse, so that it holds no more than that. */
  byDue: { name: 'by-due', partition: 'dueKey', sort: 'dueSort' },
} as const;

export type IndexName = keyof typeof indexes;

/**
 * Partitions over which due connections are spread by a hash of their id: each takes 1,000 index writes a second. The
 * number is fixed, so that a sweep asks as many partitions with 2 providers known as with 2,000.
 */
export const dueShards = 16;

/** Attributes that place an item in an index. */
export type IndexEntry = Readonly<Record<string, string>>;

/** `%` and `#` are escaped, so the separator stands between components and nowhere else. */
function join(...components: readonly string[]): string {
  return components.map((component) => component.replaceAll('%', '%25').replaceAll('#', '%23')).join('#');
}

/** All keys that begin with the given components, as a prefix for `begins_with`. */
function prefix(...components: readonly string[]): string {
  return `${join(...components)}#`;
}

export const connectionKey = (tenantId: TenantId, provider: ProviderId, accountId: AccountId): Key => ({
  pk: join('connection', tenantId, provider, accountId),
  sk: 'connection',
});

export const connectionIndexEntries = (place: {
  readonly tenantId: TenantId;
  readonly userId: UserId;
  readonly provider: ProviderId;
  readonly accountId: AccountId;
  readonly appId: AppId;
  readonly platformUserId: string;
}): IndexEntry => ({
  tenantKey: tenantPartition(place.tenantId),
  tenantSort: connectionSort(place.userId, place.provider, place.accountId),
  accountKey: accountPartition(place.appId, place.accountId),
  accountSort: join(place.tenantId, place.provider),
  platformUserKey: platformUserPartition(place.appId, place.platformUserId),
  platformUserSort: join(place.tenantId, place.provider, place.accountId),
});

/** Where a connection waits until `dueAt` (epoch milliseconds). The id makes each sort key of a partition unique. */
export const dueIndexEntry = (id: ConnectionId, dueAt: number): IndexEntry => ({
  dueKey: duePartition(shardOf(id)),
  dueSort: join(dueSort(dueAt), id),
});
export const duePartition = (shard: number) => join('due', String(shard));
/** Where it waits while its provider is paused; nobody reads there before the provider is resumed. */
export const parkedIndexEntry = (provider: ProviderId, id: ConnectionId, dueAt: number): IndexEntry => ({
  dueKey: parkedPartition(provider, shardOf(id)),
  dueSort: join(dueSort(dueAt), id),
});
export const parkedPartition = (provider: ProviderId, shard: number) =>
  join('parked', provider, String(shard));
/** The last sort key of all that is due at a time or earlier. */
export const dueUpTo = (now: number) => dueSort(Math.floor(now) + 1);
/** The first sort key behind the one given. */
export const behindDue = (sort: string) => `${sort}#`;
/** Times as text of one length, which sorts as the numbers do. */
export const dueSort = (time: number) => String(Math.max(0, Math.floor(time))).padStart(15, '0');

/** Ids are random, so a few of their characters spread as well as any hash. */
function shardOf(id: ConnectionId): number {
  return Buffer.from(id).reduce((sum, byte) => (sum * 31 + byte) % 65_521, 7) % dueShards;
}

/** The tenant, provider and account of a connection's primary key. */
export function parseConnectionKey(
  pk: string,
): { readonly tenantId: TenantId; readonly provider: ProviderId; readonly accountId: AccountId } | undefined {
  const [kind, tenantId, provider, accountId, ...rest] = split(pk);
  if (kind !== 'connection' || !tenantId || !provider || !accountId || rest.length > 0) return undefined;
  return {
    tenantId: tenantId as TenantId,
    provider: provider as ProviderId,
    accountId: accountId as AccountId,
  };
}

function split(key: string): string[] {
  return key.split('#').map((component) => component.replaceAll('%23', '#').replaceAll('%25', '%'));
}

/** Jobs under way wait among what is due, in a partition of their own. */
export const jobKey = (id: string): Key => ({ pk: join('job', id), sk: 'job' });
export const dueJobs = 'due-jobs';
export const jobIndexEntry = (dueAt: number): IndexEntry => ({ dueKey: dueJobs, dueSort: dueSort(dueAt) });

/** What has been handled of an app's webhooks. */
export const idempotencyKey = (appId: AppId, id: string): Key => ({
  pk: join('receipt', appId, id),
  sk: 'receipt',
});
/** Events that wait for a connection of an account or owner, in the order in which they came. */
export const waitingPartition = (appId: AppId, place: string) => join('waiting', appId, place);
export const waitingKey = (appId: AppId, place: string, receivedAt: number, eventId: string): Key => ({
  pk: waitingPartition(appId, place),
  sk: join('event', dueSort(receivedAt), eventId),
});
/** Just before all of them that came at a time or later. */
export const waitingFrom = (appId: AppId, place: string, receivedAt: number): Key => ({
  pk: waitingPartition(appId, place),
  sk: join('event', dueSort(receivedAt)),
});
export const resourceWatermarkKey = (id: ConnectionId, resourceKey: string): Key => ({
  pk: join('resource', id, resourceKey),
  sk: 'resource',
});

/** A platform user's wish to have their data deleted, by the digest of its code. */
export const deletionKey = (appId: AppId, digest: string): Key => ({
  pk: join('deletion', appId, digest),
  sk: 'deletion',
});

/** Messages that failed for good: a tenant's, or those that are nobody's but the operator's. Their ids sort by time. */
export const failurePartition = (tenantId: TenantId | undefined) =>
  tenantId === undefined ? join('failures', 'operator') : join('failures', 'tenant', tenantId);
export const failureKey = (tenantId: TenantId | undefined, id: string): Key => ({
  pk: failurePartition(tenantId),
  sk: join('failure', id),
});
/** The message itself lies apart, so that lists do not read it; a large one in several parts. */
export const failedMessageKey = (tenantId: TenantId | undefined, id: string, part = 0): Key => ({
  pk:
    tenantId === undefined
      ? join('failed-message', 'operator', id)
      : join('failed-message', 'tenant', tenantId, id),
  sk: join('message', String(part)),
});

/** A tenant's jobs are listed with the tenant. */
export const jobListEntry = (tenantId: TenantId, id: string): IndexEntry => ({
  tenantKey: tenantPartition(tenantId),
  tenantSort: join('job', id),
});
export const jobSortPrefix = prefix('job');

/** All destinations of a tenant. */
export const destinationsKey = (tenantId: TenantId): Key => ({
  pk: join('destinations', tenantId),
  sk: 'destinations',
});

/** Where nothing ever is; read to open a connection to DynamoDB before it is needed. */
export const warmUpKey: Key = { pk: 'nowhere', sk: 'nowhere' };

/** What became of an ended connection's tokens. */
export const revocationReceiptKey = (id: ConnectionId): Key => ({
  pk: join('revocation', id),
  sk: 'revocation',
});

export const leaseKey = (id: ConnectionId): Key => ({ pk: join('lease', id), sk: 'lease' });
export const pausedProvidersKey: Key = { pk: 'paused-providers', sk: 'paused-providers' };
/** How far the sweep has read each partition of what is due. */
export const sweepPositionKey: Key = { pk: 'sweep-position', sk: 'sweep-position' };

export const tenantPartition = (tenantId: TenantId) => join('tenant', tenantId);
export const accountPartition = (appId: AppId, accountId: AccountId) => join('account', appId, accountId);
export const platformUserPartition = (appId: AppId, platformUserId: string) =>
  join('platformUser', appId, platformUserId);
export const connectionSort = (userId: UserId, provider: ProviderId, accountId: AccountId) =>
  join('connection', userId, provider, accountId);

/** Sort-key prefix of a tenant's connections, all of them, one user's, or one user's at one provider. */
export const connectionSortPrefix = (userId?: UserId, provider?: ProviderId) =>
  prefix(
    'connection',
    ...(userId === undefined ? [] : [userId]),
    ...(provider === undefined ? [] : [provider]),
  );

/** The parts of a {@link connectionSort}, or nothing when the text is not one. */
export function parseConnectionSort(
  sort: string,
): { readonly userId: UserId; readonly provider: ProviderId; readonly accountId: AccountId } | undefined {
  const [kind, userId, provider, accountId, ...rest] = split(sort);
  if (kind !== 'connection' || !userId || !provider || !accountId || rest.length > 0) return undefined;
  const deps = {
    userId: userId as UserId,
    provider: provider as ProviderId,
    accountId: accountId as AccountId,
  };
  return connectionSort(deps.userId, deps.provider, deps.accountId) === sort ? deps : undefined;
}

export const tenantKey = (tenantId: TenantId): Key => ({ pk: tenantPartition(tenantId), sk: 'tenant' });
export const tenantIndexEntry = (tenantId: TenantId): IndexEntry => ({
  tenantKey: allTenants,
  tenantSort: join('tenant', tenantId),
});
/** Partition of the index in which all tenants are listed. */
export const allTenants = 'tenants';

export const apiKeyKey = (id: string): Key => ({ pk: join('api-key', id), sk: 'api-key' });
export const apiKeyIndexEntry = (tenantId: TenantId, id: string): IndexEntry => ({
  tenantKey: tenantPartition(tenantId),
  tenantSort: join('api-key', id),
});
export const apiKeySortPrefix = prefix('api-key');

export const appKey = (appId: AppId): Key => ({ pk: join('app', appId), sk: 'app' });
/** A tenant's own app is listed with the tenant; a shared one with all shared ones. */
export const appIndexEntry = (
  tenantId: TenantId | undefined,
  provider: ProviderId,
  appId: AppId,
): IndexEntry => ({
  tenantKey: tenantId === undefined ? sharedApps : tenantPartition(tenantId),
  tenantSort: join('app', provider, appId),
});
/** Partition of the index in which the owner's shared provider apps are listed. */
export const sharedApps = 'shared-apps';
export const appSortPrefix = prefix('app');

/** Versions of a tenant's key sort by number, so that the newest is the last. */
export const wrappedKeyKey = (tenantId: TenantId, purpose: string, version: number): Key => ({
  pk: join('tenant-key', tenantId, purpose),
  sk: String(version).padStart(10, '0'),
});

export const sessionKeysKey: Key = { pk: 'session-keys', sk: 'session-keys' };

export const flowKey = (flowId: FlowId): Key => ({ pk: join('flow', flowId), sk: 'flow' });
