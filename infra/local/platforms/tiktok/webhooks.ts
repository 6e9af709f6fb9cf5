/**
 * How TikTok words and signs its webhooks: one event a delivery, its content as JSON text inside the JSON, no event id.
 * https://developers.tiktok.com/doc/webhooks-overview/ · https://developers.tiktok.com/doc/webhooks-verification
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { JsonObject } from '../../sandbox/dialect.ts';
import type { SandboxClient } from '../../sandbox/sandbox-client.ts';
import type { WebhookDialect, WebhookEvent } from '../../sandbox/webhooks/webhook-dialect.ts';

/** Exponential, for up to 72 hours; where it begins is not documented. */
const firstPauseSeconds = 30;
const patienceSeconds = 72 * 3_600;

export interface TikTokWebhookDeps {
  readonly now: () => number;
  /** An account's open id at a client; an id that is none of an account's key stays as it is. */
  readonly openIdOf: (account: string, client: SandboxClient) => string;
  /** Whether a retry has a time of its own; TikTok does not say. */
  readonly retrySignature: () => 'fresh' | 'first';
}

export function tiktokWebhooks({ now, openIdOf, retrySignature }: TikTokWebhookDeps): WebhookDialect {
  return {
    bodies: (events, client) => events.map((event) => bodyOf(event, client)),
    sign(body, secret, at) {
      const t = String(Math.floor(at / 1000));
      const s = createHmac('sha256', secret).update(`${t}.`).update(body).digest('hex');
      return { 'tiktok-signature': `t=${t},s=${s}` };
    },
    retrySignature,
    retryAfterSeconds(failed) {
      // 30 s, 60 s, 120 s …: together so many, less the first.
      const waited = firstPauseSeconds * (2 ** failed - 1);
      return waited > patienceSeconds ? undefined : firstPauseSeconds * 2 ** (failed - 1);
    },
    ended: (account, by) => ({
      account,
      event: 'authorization.removed',
      content: { reason: by === 'user' ? 1 : 5 },
    }),
  };

  function bodyOf({ account, event, content, occurredAt }: WebhookEvent, client: SandboxClient): string {
    return JSON.stringify({
      client_key: client.clientId,
      event,
      create_time: Math.floor((occurredAt ?? now()) / 1000),
      user_openid: openIdOf(account, client),
      content: JSON.stringify(content ?? plausible(event)),
    });
  }
}

function plausible(event: string): JsonObject {
  return event.startsWith('post.publish.')
    ? { publish_id: `v_inbox_file~v2.${randomBytes(6).readUIntBE(0, 6)}`, publish_type: 'INBOX_SHARE' }
    : {};
}
