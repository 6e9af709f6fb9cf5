/**
 * Webhooks of a server that nobody here knows, as an operator reads them off its page: how they are signed, and where
 * they hold their fields. For Standard Webhooks the path of the account is enough.
 */
import { isOpaqueId } from '../ids.ts';
import { hashedId } from '../signatures/event-id.ts';
import { genericHmac } from '../signatures/generic-hmac.ts';
import type { SignatureScheme } from '../signatures/scheme.ts';
import { standardWebhooksSignature } from '../signatures/schemes.ts';
import { parseTimestamp } from '../signatures/timestamp.ts';
import { asText, at, headerOf } from '../signatures/verification.ts';
import { type WebhookDescription, webhook } from './definition/webhook.ts';
import type { Delivery, PlatformEvent, WebhookDefinition } from './webhook-definition.ts';

/** Where the standard puts things. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
const standardPlaces = {
  id: { header: 'webhook-id' },
  type: 'type',
  time: { path: 'timestamp', format: 'iso-8601' },
} as const satisfies Partial<WebhookDescription>;
const longestType = 128;
const unnamedType = 'webhook';

/**
 * The webhooks that a description says, as JSON.
 * @throws Error saying what is wrong with it, without repeating a value.
 */
export function customWebhook(json: string): WebhookDefinition {
  const parsed = webhook.safeParse(parse(json));
  if (!parsed.success) {
    const names = parsed.error.issues.map((issue) => issue.path.join('.') || 'an unknown one');
    throw new Error(`The webhook's description: these are missing or wrong: ${names.join(', ')}.`);
  }
  return customWebhookOf(parsed.data);
}

/**
 * The same of a description that was parsed.
 * @throws Error saying what in it cannot be: an id or a body that is not signed.
 */
export function customWebhookOf({ signature, ...given }: WebhookDescription): WebhookDefinition {
  const standard = signature === 'standard-webhooks';
  const scheme = standard ? standardWebhooksSignature : genericHmac(signature);
  const places = standard ? { ...standardPlaces, ...given } : given;
  if (typeof places.id === 'object' && !signs(scheme, places.id.header)) {
    throw new Error("The webhook's description: the header of the id is not signed.");
  }
  if (!scheme.signed.includes('body')) throw new Error("The webhook's description: the body is not signed.");
  if (places.deauthorized.length > 0 && places.time === undefined) {
    // A late redelivery, after the user has reconnected, would take the new access away.
    throw new Error("The webhook's description: what takes access away must say when, in its time.");
  }
  return { scheme, signedWith: 'webhookSecret', read: (delivery) => read(delivery, places) };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new Error("The webhook's description is no JSON.");
  }
}

function signs({ signed }: SignatureScheme, name: string): boolean {
  return signed.some((part) => typeof part === 'object' && 'header' in part && part.header === name);
}

function read(
  delivery: Delivery,
  places: Omit<WebhookDescription, 'signature'>,
): readonly PlatformEvent[] | undefined {
  const { content } = delivery;
  if (content === undefined) return undefined;
  const text = (place: string | undefined) =>
    place === undefined ? undefined : asText(at(content, place.split('.')));
  const type = text(places.type)?.slice(0, longestType).toWellFormed() || unnamedType;
  const accountId = text(places.account);
  const resourceKey = text(places.resourceKey);
  const time = text(places.time?.path);
  const occurredAt = places.time && time && parseTimestamp(time, places.time.format);
  return [
    {
      id: idOf(delivery, places.id),
      type,
      effect: places.deauthorized.includes(type) ? 'deauthorized' : 'none',
      // An id that no connection can have is left out.
      ...(accountId !== undefined && isOpaqueId(accountId) && { accountId }),
      ...(resourceKey !== undefined && isOpaqueId(resourceKey) && { resourceKey }),
      ...(typeof occurredAt === 'number' && { occurredAt }),
      data: isObject(content) ? content : { content },
    },
  ];
}

/** Signed content only: the header is checked to be signed, and so is the body. */
function idOf({ headers, body, content }: Delivery, place: WebhookDescription['id']): string {
  const found =
    typeof place === 'object'
      ? headerOf({ headers }, place.header)
      : place && asText(at(content, place.split('.')));
  return found
    ? hashedId(['custom', found])
    : hashedId(['custom body', Buffer.from(body).toString('base64')]);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
