/**
 * How Meta words and signs the webhooks of Instagram: batches of entries, non-ASCII escaped before it is signed, two
 * shapes of the same comment and two units of the same time, because its pages and its deliveries differ.
 * https://developers.facebook.com/documentation/instagram-platform/webhooks
 */
import { createHmac, randomInt } from 'node:crypto';
import { z } from 'zod';
import type { JsonObject } from '../../sandbox/dialect.ts';
import type { WebhookDialect, WebhookEvent } from '../../sandbox/webhooks/webhook-dialect.ts';

export const metaWebhookModes = {
  /** Whether an update stands in a list of changes, or its field and value in the entry itself. */
  webhookShape: z.enum(['changes', 'flat']).default('changes'),
  /** The unit of an entry's time. */
  webhookTime: z.enum(['seconds', 'milliseconds']).default('seconds'),
};

/** At once, then ever less often, for 36 hours. */
const pausesSeconds = [0, 60, 300, 1_800, 7_200, 21_600, 86_400];
const mostInBatch = 1_000;

export interface MetaWebhookDeps {
  readonly now: () => number;
  /** The id of a professional account; an id that is none of an account's key stays as it is. */
  readonly idOf: (account: string) => string;
  readonly modes: () => {
    readonly webhookShape: 'changes' | 'flat';
    readonly webhookTime: 'seconds' | 'milliseconds';
  };
}

export function metaWebhooks({ now, idOf, modes }: MetaWebhookDeps): WebhookDialect {
  return {
    bodies(events) {
      const entries = events.map(entryOf);
      const batches = Array.from({ length: Math.ceil(entries.length / mostInBatch) }, (_, index) =>
        entries.slice(index * mostInBatch, (index + 1) * mostInBatch),
      );
      return batches.map((entry) => escaped(JSON.stringify({ object: 'instagram', entry })));
    },
    sign: (body, secret) => ({
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
      // Meta still sends the older header too.
      'x-hub-signature': `sha1=${createHmac('sha1', secret).update(body).digest('hex')}`,
    }),
    retrySignature: () => 'fresh',
    retryAfterSeconds: (failed) => pausesSeconds[failed - 1],
    handshake(verifyToken) {
      const challenge = String(randomInt(1_000_000_000, 10_000_000_000));
      const query = new URLSearchParams({
        'hub.mode': 'subscribe',
        'hub.challenge': challenge,
        'hub.verify_token': verifyToken,
      });
      return { query: query.toString(), answer: challenge };
    },
  };

  function entryOf({ account, event, content, occurredAt = now() }: WebhookEvent): JsonObject {
    const { webhookShape, webhookTime } = modes();
    const id = idOf(account);
    const seconds = Math.floor(occurredAt / 1000);
    const head = { id, time: webhookTime === 'seconds' ? seconds : occurredAt };
    if (event.startsWith('messag')) {
      // Messages are in a separate list, with times in milliseconds.
      const message = content ?? { message: { mid: `m_${digits(17)}`, text: 'Grüße!' } };
      const from = { sender: { id: digits(16) }, recipient: { id } };
      return { ...head, time: occurredAt, messaging: [{ ...from, timestamp: occurredAt, ...message }] };
    }
    const change = { field: event, value: content ?? comment() };
    return webhookShape === 'flat' ? { ...head, ...change } : { ...head, changes: [change] };
  }
}

function comment(): JsonObject {
  return {
    id: `18${digits(15)}`,
    from: { id: digits(15), username: 'café_fan' },
    text: 'Très bien!',
    media: { id: `17${digits(15)}`, media_product_type: 'FEED' },
  };
}

function digits(count: number): string {
  return Array.from({ length: count }, (_, index) => randomInt(index === 0 ? 1 : 0, 10)).join('');
}

/** Every character beyond ASCII as `\u` and four small hexadecimal digits. */
function escaped(json: string): string {
  return json.replace(
    /[\u0080-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
