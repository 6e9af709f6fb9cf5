/**
 * Standard Webhooks for what we send: signatures that any of the standard's libraries can check, under every secret of
 * the destination that is still valid. What we receive is checked by `standardWebhooksSignature`.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { Secret } from '../telemetry/secret.ts';
import { keyOf } from './encodings.ts';

export interface OutgoingWebhook {
  /** The same at each attempt to deliver this event. */
  readonly id: string;
  /** Of this attempt, in epoch milliseconds. */
  readonly timestamp: number;
  /** The exact bytes that are sent. */
  readonly body: Uint8Array;
}

/** The headers of the standard; a type and not an interface, so that they pass as a record of headers. */
export type StandardWebhookHeaders = {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
};

const idPattern = /^[A-Za-z0-9_-]{1,256}$/;

/** A new secret: 256 random bits as `whsec_` and base64. */
export function newStandardWebhookSecret(): Secret {
  return new Secret(`whsec_${randomBytes(32).toString('base64')}`);
}

/**
 * The headers of one attempt, with one signature per secret, the current one first.
 * @throws Error when there is no secret, one is not a Standard Webhooks secret, or the id could hide where it ends.
 */
export function signStandardWebhook(
  webhook: OutgoingWebhook,
  secrets: readonly Secret[],
): StandardWebhookHeaders {
  if (!idPattern.test(webhook.id))
    throw new Error('A webhook id is letters, digits, dashes and underscores.');
  if (secrets.length === 0) throw new Error('A webhook is signed with at least one secret.');
  const seconds = Math.floor(webhook.timestamp / 1000);
  const signatures = secrets.map((secret) => {
    const key = keyOf(secret, 'whsec');
    if (key === undefined) throw new Error('A secret of Standard Webhooks is 24 to 64 bytes in base64.');
    const hmac = createHmac('sha256', key).update(`${webhook.id}.${seconds}.`).update(webhook.body);
    return `v1,${hmac.digest('base64')}`;
  });
  return {
    'webhook-id': webhook.id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': signatures.join(' '),
  };
}
