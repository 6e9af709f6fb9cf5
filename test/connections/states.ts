/** A connection in each of its states, and a transition's result as one line that a table can hold. */
import type { Connection } from '../../lib/connections/connection.ts';
import type { ConnectionChange, Decision } from '../../lib/connections/connection-change.ts';
import type { RefreshPolicy } from '../../lib/connections/refresh-policy.ts';
import type { AccountId, AppId, ConnectionId, GrantId, ProviderId, TenantId, UserId } from '../../lib/ids.ts';

export const now = Date.UTC(2026, 10, 20, 12);
export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;
/** The middle of the range, so that every date falls within the bounds of its jitter. */
export const chance = { now, random: () => 0.5 };

export const policy: RefreshPolicy = {
  margin: { share: 0.1, atLeastSeconds: 300, atMostSeconds: 3_600 },
  proactive: 'in_use',
};

export const stateNames = [
  'active',
  'expiring',
  'misconfigured',
  'reconnect_required',
  'deauthorized',
  'disconnecting',
] as const;
export type StateName = (typeof stateNames)[number];

const states: Readonly<Record<StateName, Pick<Connection, 'status' | 'statusReason'>>> = {
  active: { status: 'active' },
  expiring: { status: 'expiring', statusReason: 'not_renewable' },
  misconfigured: { status: 'misconfigured', statusReason: 'invalid_client' },
  reconnect_required: { status: 'reconnect_required', statusReason: 'invalid_grant' },
  deauthorized: { status: 'reconnect_required', statusReason: 'deauthorized' },
  disconnecting: { status: 'disconnecting' },
};

/** Its token was obtained half a day ago and ends in half a day. */
export function connectionIn(state: StateName, changes: Partial<Connection> = {}): Connection {
  return {
    id: 'con_1' as ConnectionId,
    tenantId: 'acme' as TenantId,
    userId: 'user-1' as UserId,
    provider: 'tiktok' as ProviderId,
    accountId: 'account-1' as AccountId,
    appId: 'tiktok' as AppId,
    grantId: 'gra_1' as GrantId,
    platformUserId: 'account-1',
    linking: 'confirmed',
    ...states[state],
    statusSince: now - day,
    generation: 7,
    displayName: 'Mira Lindqvist',
    metadata: {},
    requestedScopes: [],
    scopes: [],
    tokenType: 'Bearer',
    obtainedAt: now - day / 2,
    expiresAt: now + day / 2,
    refreshable: true,
    dueAt: now - 1,
    failures: 2,
    connectedAt: now - 2 * day,
    updatedAt: now - day,
    ...changes,
  };
}

/** `keep <why>`, or: `→` for a new state and `=` for the same one, status, reason, event, due date. */
export function describeDecision(before: Connection, decision: Decision): string {
  return decision.kind === 'keep' ? `keep ${decision.reason}` : describeChange(before, decision.change);
}

export function describeChange(before: Connection, change: ConnectionChange): string {
  const after = { ...before, ...change };
  return [
    after.statusSince === now ? '→' : '=',
    after.status,
    after.statusReason ?? '-',
    'pendingEvent' in change ? (change.pendingEvent ?? 'cleared') : 'no-event',
    'dueAt' in change ? nameOfDueAt(change.dueAt, after) : 'due-as-before',
  ].join(' ');
}

/** Which of the dates a due date is, within its jitter. */
function nameOfDueAt(dueAt: number | undefined, { expiresAt = Infinity }: ConnectionChange): string {
  if (dueAt === undefined) return 'never-due';
  if (dueAt === expiresAt) return 'due-at-end';
  const wait = dueAt - now;
  if (wait === 0) return 'due-now';
  if (wait === minute) return 'due-to-publish';
  if (wait === 10 * minute) return 'due-after-operator';
  if (wait > second && wait <= minute + second) return 'due-after-backoff';
  // Between one and two margins, of an hour each at most, before the token ends.
  if (expiresAt - dueAt > hour && expiresAt - dueAt < 2 * hour) return 'due-before-end';
  return `due-in-${wait / minute}-minutes`;
}
