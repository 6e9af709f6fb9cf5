/** The tenant event: the same change always yields the same bytes and the same id, across releases. */
import { describe, expect, it } from 'vitest';
import type { AccountId, AppId, ConnectionId, ProviderId, TenantId, UserId } from '../../lib/ids.ts';
import {
  buildConnectionEvent,
  buildDestinationDisabled,
  buildPlatformEvent,
} from '../../lib/messages/build-tenant-event.ts';
import { deliveryMessage } from '../../lib/messages/deliveries.ts';
import { type EventMessage, eventMessage } from '../../lib/messages/events.ts';
import { parseMessage } from '../../lib/messages/parse-message.ts';

const at = Date.UTC(2026, 2, 4, 5, 6, 7, 89);
const tenantId = 'acme' as TenantId;
const names = {
  id: 'con_1' as ConnectionId,
  tenantId,
  userId: 'u é' as UserId,
  provider: 'tiktok' as ProviderId,
  accountId: 'acc/1' as AccountId,
};
const connection = { ...names, generation: 7, statusSince: at - 1000, expiresAt: at + 5, updatedAt: at };
const webhook = { appId: 'app_x' as AppId, provider: names.provider, receivedAt: at + 3 };

/** What the deliverer sends of an event, after it has been through both queues. */
function deliveredBytes(message: EventMessage): string {
  const { event } = parseMessage(eventMessage, JSON.parse(JSON.stringify(message)));
  const delivery = { kind: 'delivery', destinationId: 'dst_1', tenantId, event };
  return JSON.stringify(parseMessage(deliveryMessage, JSON.parse(JSON.stringify(delivery))).event);
}

/** What tenants received before the builder was one, byte for byte. */
const delivered: readonly (readonly [name: string, message: EventMessage, bytes: string])[] = [
  [
    'the end of a grant',
    {
      kind: 'connection_event',
      event: buildConnectionEvent(
        { ...connection, status: 'reconnect_required', statusReason: 'invalid_grant', revocation: 'revoked' },
        'connection.reconnect_required',
        undefined,
      ),
    },
    '{"id":"evt_-81L1sG21N7EWcwxPZQiJN","type":"connection.reconnect_required","tenantId":"acme","occurredAt":"2026-03-04T05:06:07.089Z","provider":"tiktok","accountId":"acc/1","data":{"status":"reconnect_required","statusReason":"invalid_grant","statusSince":"2026-03-04T05:06:06.089Z","expiresAt":"2026-03-04T05:06:07.094Z","revocation":"revoked"},"connectionId":"con_1","userId":"u é"}',
  ],
  [
    'a new consent for a connection',
    {
      kind: 'connection_event',
      event: buildConnectionEvent(
        { ...connection, status: 'active' },
        'connection.refreshed',
        'connection.refreshed',
      ),
    },
    '{"id":"evt_W_uoYnoLOWR_g4Omz3VrE-","type":"connection.refreshed","tenantId":"acme","occurredAt":"2026-03-04T05:06:07.089Z","provider":"tiktok","accountId":"acc/1","data":{"status":"active","statusSince":"2026-03-04T05:06:06.089Z","expiresAt":"2026-03-04T05:06:07.094Z","reconnected":true},"connectionId":"con_1","userId":"u é"}',
  ],
  [
    'a connection without times',
    {
      kind: 'connection_event',
      event: buildConnectionEvent(
        { ...names, generation: 7, updatedAt: at, status: 'active' },
        'connection.created',
        undefined,
      ),
    },
    '{"id":"evt_P5-5xZP60ci45xeEi8vOJ_","type":"connection.created","tenantId":"acme","occurredAt":"2026-03-04T05:06:07.089Z","provider":"tiktok","accountId":"acc/1","data":{"status":"active"},"connectionId":"con_1","userId":"u é"}',
  ],
  [
    'an event of a platform that says when it happened',
    {
      kind: 'platform_event',
      event: buildPlatformEvent(
        {
          ...webhook,
          event: {
            id: 'p"1',
            type: 'video.published',
            effect: 'none',
            occurredAt: at,
            data: { b: 1, a: { z: [1, null] } },
          },
        },
        names,
        { superseded: false },
      ),
    },
    '{"id":"evt_t-F33Pat34etGSkQ6R0Gg3","type":"video.published","tenantId":"acme","occurredAt":"2026-03-04T05:06:07.089Z","receivedAt":"2026-03-04T05:06:07.092Z","provider":"tiktok","accountId":"acc/1","data":{"b":1,"a":{"z":[1,null]}},"connectionId":"con_1","userId":"u é","superseded":false}',
  ],
  [
    'an event of a platform that does not',
    {
      kind: 'platform_event',
      event: buildPlatformEvent(
        { ...webhook, event: { id: 'p2', type: 'x', effect: 'none', data: {} } },
        names,
        {
          superseded: true,
        },
      ),
    },
    '{"id":"evt_wUPaFkfgPXkLFZniQVqnmE","type":"x","tenantId":"acme","occurredAt":"2026-03-04T05:06:07.092Z","receivedAt":"2026-03-04T05:06:07.092Z","provider":"tiktok","accountId":"acc/1","data":{},"connectionId":"con_1","userId":"u é","superseded":true}',
  ],
];

describe('a tenant event', () => {
  it.each(delivered)('arrives with unchanged bytes: %s', (_name, message, bytes) => {
    expect(deliveredBytes(message)).toBe(bytes);
  });

  it('about a disabled destination keeps its id and its field order', () => {
    const destination = {
      id: 'dst_1',
      kind: 'https',
      createdAt: at - 9,
      failingSince: at - 5,
      lastError: 'e',
    };

    const event = buildDestinationDisabled(tenantId, destination, { reason: 'failing', now: at });

    expect(deliveredBytes({ kind: 'destination_event', event })).toMatch(
      /^\{"id":"evt_[\w-]{22}","type":"destination\.disabled","tenantId":"acme","occurredAt":"2026-03-04T05:06:07\.089Z","data":\{"destinationId":"dst_1","kind":"https","reason":"failing","failingSince":"2026-03-04T05:06:07\.084Z","lastError":"e"\}\}$/,
    );
    expect(buildDestinationDisabled(tenantId, destination, { reason: 'failing', now: at + 1 }).id).toBe(
      event.id,
    );
  });
});
