/**
 * Secrets that a platform repeats to us instead of signing: Microsoft's `clientState`, Meta's verify token, Google's
 * channel token. Compared in constant time, under every secret, whatever was presented.
 */
import { createHmac } from 'node:crypto';
import { equalInConstantTime } from '../constant-time.ts';
import { Secret } from '../telemetry/secret.ts';

/** Whether a presented value is one of the secrets. Nothing, another type, and empty secrets never match. */
export function isSharedToken(presented: unknown, secrets: readonly Secret[]): boolean {
  const text = typeof presented === 'string' ? presented : '';
  const bytes = Buffer.from(text, 'utf8');
  const matches = secrets.map((secret) => equalInConstantTime(bytes, Buffer.from(secret.reveal(), 'utf8')));
  return text !== '' && matches.includes(true);
}

/**
 * The token to give a Google channel when it is opened: derived from its id, so that it need not be stored and
 * `googleChannelSignature` can check it. 43 of the 256 characters that Google allows.
 */
export function googleChannelToken(channelId: string, secret: Secret): Secret {
  if (secret.reveal() === '') throw new Error('A channel token is derived from a secret that is not empty.');
  return new Secret(createHmac('sha256', secret.reveal()).update(channelId).digest('base64url'));
}
