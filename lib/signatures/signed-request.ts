/**
 * Meta's `signed_request`, by which it tells that a user removed the app or wants their data deleted. The signature
 * covers the encoded payload as it was received, without padding.
 * https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback/
 */
import * as z from 'zod/mini';
import type { Secret } from '../telemetry/secret.ts';
import { decodeStrictly } from './encodings.ts';
import { signerAmong } from './signer.ts';
import { isStale } from './timestamp.ts';
import { parsedJson, type Refused, refused, type SignedRequest } from './verification.ts';

export type SignedRequestVerification =
  | {
      readonly kind: 'verified';
      /** The app-scoped id of the user; `0` when only a page was removed. */
      readonly userId: string;
      readonly profileId?: string;
      /** Epoch milliseconds. */
      readonly timestamp: number;
      readonly secret: 'current' | 'previous';
    }
  | Refused;

/** Meta retries for 36 hours; the rest is margin. */
const toleranceSeconds = 48 * 3_600;
const longestText = 8_192;
const digestBytes = 32;

const id = z.pipe(
  z.union([z.string().check(z.regex(/^\d{1,128}$/)), z.int().check(z.nonnegative())]),
  z.transform(String),
);
const payload = z.object({
  algorithm: z.string(),
  user_id: id,
  profile_id: z.optional(id),
  issued_at: z.int().check(z.positive()),
});

/** Checks the `signed_request` field of a form that Meta posted. */
export function verifySignedRequest(
  request: Pick<SignedRequest, 'body'>,
  secrets: readonly Secret[],
  now: () => number,
): SignedRequestVerification {
  const fields = new URLSearchParams(Buffer.from(request.body).toString('utf8')).getAll('signed_request');
  const [text = ''] = fields;
  const cut = text.indexOf('.');
  const encoded = text.slice(cut + 1);
  const signature = decodeStrictly(text.slice(0, Math.max(cut, 0)), 'base64url');
  const bytes = decodeStrictly(encoded, 'base64url');

  const secret = signerAmong(secrets, {
    algorithm: 'sha256',
    key: 'utf8',
    message: [Buffer.from(encoded, 'utf8')],
    signatures: signature ? [signature] : [],
  });

  if (text === '') return refused('missing');
  const wellFormed =
    fields.length === 1 && text.length <= longestText && signature?.byteLength === digestBytes;
  if (!wellFormed || bytes === undefined) return refused('malformed');
  if (secret === undefined) return refused('mismatch');
  const parsed = payload.safeParse(parsedJson(bytes));
  if (!parsed.success || parsed.data.algorithm.toUpperCase() !== 'HMAC-SHA256') return refused('malformed');
  const { user_id: userId, profile_id: profileId, issued_at: issuedAt } = parsed.data;
  const timestamp = issuedAt * 1000;
  if (isStale(timestamp, now(), toleranceSeconds)) return refused('stale');
  return {
    kind: 'verified',
    userId,
    timestamp,
    secret,
    ...(profileId !== undefined && { profileId }),
  };
}
