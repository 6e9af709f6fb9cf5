/**
 * The connected accounts, their events and the expected outcome: accounts in one or two tenants, posts whose
 * states follow one another, deauthorizations (some of an earlier grant), and accounts that are connected only
 * after their first events.
 */
import type { WebhookEvent } from '../../infra/local/sandbox/webhooks/webhook-dialect.ts';
import type { SealedConnection } from '../../lib/connections/connection.ts';
import type { AccountId, AppId, TenantId, UserId } from '../../lib/ids.ts';
import { aConnection } from '../support/records.ts';

export const appId = 'tiktok' as AppId;
export const tenantIds = ['ash', 'birch', 'cedar'].map((id) => id as TenantId);

/** An event with a number that identifies it wherever it appears. */
export interface NumberedEvent extends WebhookEvent {
  readonly number: number;
  readonly occurredAt: number;
  readonly kind: 'publish' | 'deauthorized' | 'outdated' | 'early';
  /** Names its resource, if later events about it replace earlier ones. */
  readonly publishId?: string;
}

export interface Population {
  readonly events: readonly NumberedEvent[];
  /** Connected from the beginning. */
  readonly connections: readonly SealedConnection[];
  /** Connected after their events, by flows that started before them. */
  readonly late: readonly SealedConnection[];
}

const publishers = 30;
/** The states of one post, in TikTok's terms. */
const states = ['inbox_delivered', 'complete', 'publicly_available', 'no_longer_publicaly_available'];
const dayMilliseconds = 86_400_000;

/** @param count how many events; @param now when the last of them happens. */
export function populate(count: number, now: number): Population {
  const began = now - (count + 1) * 1_000;
  const granted = began - dayMilliseconds;
  const connections = new Map<string, readonly SealedConnection[]>();
  const late: SealedConnection[] = [];
  const events: NumberedEvent[] = [];

  /** Every fifth account is connected in two tenants. */
  function connect(account: string, grantedAt: number): void {
    if (connections.has(account)) return;
    const first = connections.size % tenantIds.length;
    const places = connections.size % 5 === 0 ? [first, (first + 1) % tenantIds.length] : [first];
    connections.set(
      account,
      places.map((place) => connectionOf(tenantIds[place] ?? ('ash' as TenantId), account, grantedAt)),
    );
  }

  for (let number = 0; number < count; number += 1) {
    const occurredAt = began + number * 1_000;
    const shared = { number, occurredAt };
    if (number % 25 === 7) {
      const account = `removed-${number}`;
      connect(account, granted);
      events.push({ ...shared, kind: 'deauthorized', account, ...removal(number) });
    } else if (number % 100 === 18) {
      // The user has reconnected since: this event is about the earlier grant.
      const account = `returned-${number}`;
      connect(account, now);
      events.push({ ...shared, kind: 'outdated', account, ...removal(number) });
    } else if (number % 100 === 39) {
      const account = `early-${number}`;
      late.push({ ...connectionOf('birch' as TenantId, account, now), flowBeganAt: began });
      const event = 'video.publish.completed';
      events.push({ ...shared, kind: 'early', account, event, content: { share_id: 's', number } });
    } else {
      const publishing = Math.floor(number / states.length);
      const account = `publisher-${publishing % publishers}`;
      connect(account, granted);
      const publishId = `v_pub~${publishing}`;
      const event = `post.publish.${states[number % states.length] ?? ''}`;
      const content = { publish_id: publishId, number };
      events.push({ ...shared, kind: 'publish', account, event, content, publishId });
    }
  }
  return { events, connections: [...connections.values()].flat(), late };
}

function removal(number: number) {
  return { event: 'authorization.removed', content: { reason: 1, number } };
}

function connectionOf(tenantId: TenantId, account: string, grantedAt: number): SealedConnection {
  return aConnection({
    tenantId,
    userId: `user-of-${account}` as UserId,
    accountId: account as AccountId,
    platformUserId: account,
    appId,
    grantedAt,
    connectedAt: grantedAt,
    updatedAt: grantedAt,
  });
}
