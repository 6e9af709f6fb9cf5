/** Requests signed here and now, under any secret. */
import { createHmac } from 'node:crypto';
import type { SignedRequest } from '../../../lib/signatures/verification.ts';

export const signedAt = 1_767_225_600;
export const body = Buffer.from('{"event":"éxample"}');
export const at = (seconds: number) => () => seconds * 1000;
export const mac = (secret: string, ...pieces: readonly (string | Uint8Array)[]) => {
  const hmac = createHmac('sha256', secret);
  for (const piece of pieces) hmac.update(piece);
  return hmac.digest('hex');
};
export const post = (headers: Record<string, string>): SignedRequest => ({ method: 'POST', headers, body });
export const meta = (secret: string) => post({ 'x-hub-signature-256': `sha256=${mac(secret, body)}` });
export const slack = (secret: string, seconds: number | string = signedAt) =>
  post({
    'x-slack-request-timestamp': String(seconds),
    'x-slack-signature': `v0=${mac(secret, `v0:${seconds}:`, body)}`,
  });
