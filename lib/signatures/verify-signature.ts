/**
 * The one check of signed webhooks, against schemes described as data. It fails closed, and does the same work for an
 * unknown app, a missing header and a wrong signature, so that timing does not distinguish them.
 */
import type { Secret } from '../telemetry/secret.ts';
import { type Presented, readPresented } from './presented.ts';
import type { SignatureScheme } from './scheme.ts';
import { signerAmong } from './signer.ts';
import { isStale, parseTimestamp } from './timestamp.ts';
import {
  at,
  headerOf,
  parsedJson,
  type Refused,
  refused,
  type SignedRequest,
  type Verification,
} from './verification.ts';

/**
 * Whether one of the app's secrets signed the request, and recently enough.
 * @param scheme nothing when the app or its scheme is unknown: then the request is refused.
 * @param secrets the current one first.
 */
export function verifySignature(
  scheme: SignatureScheme | undefined,
  request: SignedRequest,
  secrets: readonly Secret[],
  now: () => number,
): Verification {
  const presented = scheme ? readPresented(scheme, request) : refused('mismatch');
  const { signatures, message } =
    presented.kind === 'presented' ? presented : { signatures: [], message: [request.body] };
  const secret = signerAmong(scheme ? secrets : [], {
    algorithm: scheme?.algorithm ?? 'sha256',
    key: scheme?.key ?? 'utf8',
    message,
    signatures,
  });
  if (presented.kind === 'refused') return presented;
  if (scheme === undefined || secret === undefined) return refused('mismatch');
  // From here on the bytes are the platform's.
  const body = readsBody(scheme) ? parsedJson(request.body) : undefined;
  const timestamp = freshTimestamp(scheme, body, presented, now());
  if (typeof timestamp === 'object') return timestamp;
  const disagreement = disagreementIn(scheme, body, request);
  if (disagreement) return disagreement;
  return {
    kind: 'verified',
    secret,
    ...(timestamp !== undefined && { timestamp }),
  };
}

function readsBody({ timestamp, agreement }: SignatureScheme): boolean {
  return agreement !== undefined || (timestamp !== undefined && 'body' in timestamp.from);
}

/** The signing time, nothing if the scheme has none, or the reason to reject it. */
function freshTimestamp(
  { timestamp: rule }: SignatureScheme,
  body: unknown,
  presented: Presented,
  now: number,
): number | Refused | undefined {
  if (rule === undefined) return undefined;
  const found: unknown = 'body' in rule.from ? at(body, rule.from.body) : presented.timestamp;
  if (found === undefined || found === null) return rule.optional ? undefined : refused('missing');
  const text = typeof found === 'string' || typeof found === 'number' ? String(found) : '';
  const time = parseTimestamp(text, rule.format);
  if (time === undefined) return refused('malformed');
  return isStale(time, now, rule.toleranceSeconds) ? refused('stale') : time;
}

/** Whether a header that is not signed says something else than the signed body. */
function disagreementIn(
  { agreement }: SignatureScheme,
  body: unknown,
  request: SignedRequest,
): Refused | undefined {
  if (agreement === undefined) return undefined;
  const claimed = headerOf(request, agreement.header);
  if (claimed === undefined) return refused('missing');
  return claimed === at(body, agreement.body) ? undefined : refused('mismatch');
}
