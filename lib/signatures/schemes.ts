/** The signature schemes of the platforms, as each platform documents its own. Each scheme links its source. */
import { defineSignatureScheme } from './scheme.ts';

/** In both directions: the tolerance that most platforms with a signed timestamp prescribe. */
const fiveMinutes = 300;

/**
 * `TikTok-Signature: t=<seconds>,s=<hex>` over `t.body`, under the client secret. TikTok prescribes no tolerance and does
 * not say whether a retry has a new signature: its provider widens the tolerance with `withTolerance`, because retries last 72 hours.
 * https://developers.tiktok.com/doc/webhooks-verification
 */
export const tiktokSignature = defineSignatureScheme({
  algorithm: 'sha256',
  encoding: 'hex',
  key: 'utf8',
  signature: { form: 'pairs', header: 'tiktok-signature', name: 's' },
  signed: ['timestamp', { text: '.' }, 'body'],
  timestamp: { from: { pair: 't' }, format: 'unix-seconds', toleranceSeconds: fiveMinutes },
});

/**
 * `X-Hub-Signature-256` under the app secret. Meta signs no timestamp, so replays are detected by event id. The older
 * SHA-1 header is ignored. https://developers.facebook.com/docs/graph-api/webhooks/getting-started
 */
export const metaSignature = defineSignatureScheme({
  algorithm: 'sha256',
  encoding: 'hex',
  key: 'utf8',
  signature: { form: 'whole', header: 'x-hub-signature-256', prefix: 'sha256=' },
  signed: ['body'],
});

/** Under the signing secret; each retry has a new signature. https://docs.slack.dev/authentication/verifying-requests-from-slack */
export const slackSignature = defineSignatureScheme({
  algorithm: 'sha256',
  encoding: 'hex',
  key: 'utf8',
  signature: { form: 'whole', header: 'x-slack-signature', prefix: 'v0=' },
  signed: [{ text: 'v0:' }, 'timestamp', { text: ':' }, 'body'],
  timestamp: {
    from: { header: 'x-slack-request-timestamp' },
    format: 'unix-seconds',
    toleranceSeconds: fiveMinutes,
  },
});

/**
 * Klaviyo signs the body followed directly by the text of the date header. That date has been seen off by hours, so the
 * age comes from the body's timestamp, if it has one. https://developers.klaviyo.com/en/docs/working_with_system_webhooks
 */
export const klaviyoSignature = defineSignatureScheme({
  algorithm: 'sha256',
  encoding: 'hex',
  key: 'utf8',
  signature: { form: 'whole', header: 'klaviyo-signature' },
  signed: ['body', { header: 'klaviyo-timestamp', format: 'http-date' }],
  timestamp: {
    from: { body: ['meta', 'timestamp'] },
    format: 'iso-8601',
    toleranceSeconds: fiveMinutes,
    optional: true,
  },
  agreement: { header: 'klaviyo-webhook-id', body: ['meta', 'klaviyo_webhook_id'] },
});

/** Under the text of the handshake's `X-Hook-Secret`; no time is signed. https://developers.asana.com/docs/webhooks-guide */
export const asanaSignature = defineSignatureScheme({
  algorithm: 'sha256',
  encoding: 'hex',
  key: 'utf8',
  signature: { form: 'whole', header: 'x-hook-signature' },
  signed: ['body'],
});

/**
 * Calendar and Drive channels. Google does not sign them; it echoes the token that we gave the channel. The token is
 * derived from the channel id (`googleChannelToken`), so forgeries are rejected without a database lookup. The body is
 * empty; the headers are as trustworthy as the token is secret.
 * https://developers.google.com/workspace/calendar/api/guides/push
 */
export const googleChannelSignature = defineSignatureScheme({
  algorithm: 'sha256',
  encoding: 'base64url',
  key: 'utf8',
  signature: { form: 'whole', header: 'x-goog-channel-token' },
  signed: [{ header: 'x-goog-channel-id' }],
});

/**
 * Standard Webhooks, symmetric: `id.timestamp.body`; several signatures while secrets rotate; each retry has a new signature.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const standardWebhooksSignature = defineSignatureScheme({
  algorithm: 'sha256',
  encoding: 'base64',
  key: 'whsec',
  signature: { form: 'versions', header: 'webhook-signature', version: 'v1' },
  signed: [{ header: 'webhook-id' }, { text: '.' }, 'timestamp', { text: '.' }, 'body'],
  timestamp: { from: { header: 'webhook-timestamp' }, format: 'unix-seconds', toleranceSeconds: fiveMinutes },
});
