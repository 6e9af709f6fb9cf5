/**
 * TikTok's webhooks: one event a delivery, its content as JSON text inside the JSON, no event id. Unknown events are
 * passed on as they are. https://developers.tiktok.com/doc/webhooks-events/
 */
import * as z from 'zod/mini';
import { isOpaqueId } from '../../ids.ts';
import { parseLossless } from '../../json.ts';
import type { PlatformEvent } from '../../providers/webhook-definition.ts';
import { hashedId } from '../../signatures/event-id.ts';

/** What a date can hold; beyond it nobody could tell when it was. */
const latestSeconds = 253_402_300_799;

const delivery = z.object({
  client_key: z.string(),
  event: z.string().check(z.minLength(1), z.maxLength(128)),
  create_time: z.int().check(z.gte(0), z.lte(latestSeconds)),
  user_openid: z.optional(z.string()),
  content: z.string(),
});

/** Events after which the app's tokens are dead. */
const deauthorizing: ReadonlySet<string> = new Set(['authorization.removed']);

export function readTikTokEvent(body: unknown, clientId: string): readonly PlatformEvent[] | undefined {
  const parsed = delivery.safeParse(body);
  if (!parsed.success || parsed.data.client_key !== clientId) return undefined;
  const { client_key, event, create_time, user_openid, content } = parsed.data;
  const data = contentOf(content);
  const { publish_id } = data;
  return [
    {
      // The delivery's own time and signature are left out: a retry may change them.
      id: hashedId([client_key, event, user_openid ?? '', String(create_time), content]),
      type: event,
      effect: deauthorizing.has(event) ? 'deauthorized' : 'none',
      // An id that no connection can have is left out.
      ...(user_openid !== undefined && isOpaqueId(user_openid) && { accountId: user_openid }),
      ...(typeof publish_id === 'string' &&
        isOpaqueId(publish_id) && { resourceKey: `publish ${publish_id}` }),
      occurredAt: create_time * 1000,
      data,
    },
  ];
}

/** Content that is not JSON is passed on as text: losing an event would be worse than an odd one. */
function contentOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value = parseLossless(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { ...value }
      : { content: value };
  } catch {
    return { content: text };
  }
}
