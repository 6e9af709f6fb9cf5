/**
 * Instagram's webhooks, the same in both flavours: deliveries of up to a thousand updates, without any id of their own,
 * whose shapes differ between Meta's documents and what arrives. Both are read, and unknown updates are passed on.
 * https://developers.facebook.com/documentation/instagram-platform/webhooks/examples
 */
import * as z from 'zod/mini';
import { isOpaqueId } from '../../ids.ts';
import type { PlatformEvent, WebhookDefinition } from '../../providers/webhook-definition.ts';
import { hashedId } from '../../signatures/event-id.ts';
import { metaHandshake } from '../../signatures/handshakes.ts';
import { metaSignature } from '../../signatures/schemes.ts';
import { asText, at } from '../../signatures/verification.ts';
import { graphId } from './account.ts';

/** What both flavours share; they differ in the secrets that may sign. */
const metaWebhook = {
  scheme: metaSignature,
  handshake: (request, { verifyTokens }) => metaHandshake(request, verifyTokens),
  read: ({ content }) => readInstagramEvents(content),
  callbacks: 'signed_request',
} as const satisfies Omit<WebhookDefinition, 'signedWith'>;

/** Facebook Login: the app's secret signs. */
export const facebookLoginWebhook: WebhookDefinition = { ...metaWebhook, signedWith: 'clientSecret' };
/**
 * Instagram Login: Meta's documents say "app secret" and name two. The Instagram app's is the client secret; the Meta
 * app's goes beside it as the webhook secret, and either is good.
 */
export const instagramLoginWebhook: WebhookDefinition = { ...metaWebhook, signedWith: 'either' };

const delivery = z.object({ object: z.string(), entry: z.array(z.unknown()) });
const entryShape = z.looseObject({ id: graphId, time: z.optional(z.unknown()) });
const fieldName = z.string().check(z.minLength(1), z.maxLength(128));
const change = z.object({ field: fieldName, value: z.optional(z.unknown()) });

/** One thing that happened to one account, in the words that all shapes come down to. */
interface Update {
  readonly field: string;
  readonly value: unknown;
}

/** The documents print deliveries inside a list. */
export function readInstagramEvents(body: unknown): readonly PlatformEvent[] | undefined {
  const parsed = z.array(delivery).safeParse(Array.isArray(body) ? body : [body]);
  if (!parsed.success || parsed.data.length === 0) return undefined;
  // What the same app hears of Pages and users is authentic, and nothing that a connection is about.
  const ours = parsed.data.filter(({ object }) => object === 'instagram');
  return ours.flatMap(({ entry }) => entry.flatMap(readEntry));
}

/** An entry without an account belongs to nobody; one of an unknown shape is one update, passed on unchanged. */
function readEntry(entry: unknown): readonly PlatformEvent[] {
  const parsed = entryShape.safeParse(entry);
  if (!parsed.success || !isOpaqueId(parsed.data.id)) return [];
  const { id, time, ...content } = parsed.data;
  const updates = [
    ...listIn(content, 'changes').map(readChange),
    ...listIn(content, 'messaging').map((value) => ({ field: messagingField(value), value })),
    // Instagram Login documents field and value in the entry itself.
    ...('field' in content ? [readChange(content)] : []),
  ];
  const all = updates.length > 0 ? updates : [{ field: 'unknown', value: content }];
  return all.map((update) => toEvent(id, time, update));
}

function toEvent(accountId: string, sentAt: unknown, { field, value }: Update): PlatformEvent {
  // Comments carry no time of their own; that of the sending is near.
  const occurredAt = epochMilliseconds(at(value, ['timestamp'])) ?? epochMilliseconds(sentAt);
  return {
    // The time of sending is left out: a retry may change it.
    id: hashedId(['instagram', accountId, ...(identityOf(field, value) ?? [field, canonical(value)])]),
    type: field,
    effect: 'none',
    accountId,
    ...(occurredAt !== undefined && { occurredAt }),
    data: { field, value: value ?? null },
  };
}

function listIn(entry: Readonly<Record<string, unknown>>, name: string): readonly unknown[] {
  const list = entry[name];
  return Array.isArray(list) ? list : [];
}

function readChange(item: unknown): Update {
  const parsed = change.safeParse(item);
  return parsed.success
    ? { field: parsed.data.field, value: parsed.data.value }
    : { field: 'unknown', value: item };
}

/** Messages lie in a list of their own, named by what they hold; these are the names under which an app subscribes. */
const messagingFields: readonly (readonly [holds: string, field: string])[] = [
  ['message', 'messages'],
  ['reaction', 'message_reactions'],
  ['postback', 'messaging_postbacks'],
  ['read', 'messaging_seen'],
  ['referral', 'messaging_referral'],
];

function messagingField(item: unknown): string {
  return messagingFields.find(([holds]) => at(item, [holds]) !== undefined)?.[1] ?? 'messaging';
}

/** What makes an update the same one when it is sent again; nothing where only its whole content identifies it. */
function identityOf(field: string, value: unknown): readonly string[] | undefined {
  const text = (...path: readonly string[]) => asText(at(value, path));
  switch (field) {
    case 'comments':
    case 'live_comments':
      return named(field, [text('comment_id') ?? text('id')]);
    case 'mentions':
      return named(field, ['comment', text('comment_id')]) ?? named(field, ['media', text('media_id')]);
    case 'story_insights':
      return named(field, [text('media_id')]);
    case 'messages':
      return named(field, [text('message', 'mid'), text('message', 'is_deleted') ?? 'false']);
    case 'message_reactions':
      return named(field, [
        text('reaction', 'mid'),
        text('sender', 'id'),
        text('reaction', 'action'),
        text('timestamp'),
      ]);
    case 'messaging_postbacks':
      return named(field, [text('postback', 'mid')]);
    case 'messaging_seen':
      return named(field, [text('read', 'mid'), text('sender', 'id')]);
    default:
      return undefined;
  }
}

function named(field: string, parts: readonly (string | undefined)[]): readonly string[] | undefined {
  const known = parts.filter((part) => part !== undefined);
  return known.length === parts.length ? ['named', field, ...known] : undefined;
}

/** The same text for the same content, in any order of its fields. */
function canonical(value: unknown): string {
  const sorted = (_name: string, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : inner;
  return JSON.stringify(value ?? null, sorted);
}

/** From here on a number cannot be seconds any more, nor before it milliseconds: both are centuries away. */
const firstMilliseconds = 1e11;
/** The end of what a date can hold, in milliseconds. */
const lastMilliseconds = 8.64e15;

/** Changes are dated in seconds, messages in milliseconds. */
function epochMilliseconds(time: unknown): number | undefined {
  const number = typeof time === 'string' && /^\d{1,16}$/.test(time) ? Number(time) : time;
  if (typeof number !== 'number' || !(number > 0)) return undefined;
  const milliseconds = number < firstMilliseconds ? number * 1000 : number;
  return milliseconds <= lastMilliseconds ? Math.floor(milliseconds) : undefined;
}
