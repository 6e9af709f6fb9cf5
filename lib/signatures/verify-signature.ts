/**
 * The one check of signed webhooks, over schemes that are data. It fails closed, compares bytes in constant time under
 * every secret, and does the same work for an unknown app, a missing header and a wrong signature, so that time does
 * not tell them apart.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { equalInConstantTime } from '../constant-time.ts';
import type { Secret } from '../telemetry/secret.ts';
import { keyOf } from './encodings.ts';
import { type Presented, readPresented } from './presented.ts';
import type { SignatureScheme } from './scheme.ts';
import { isStale, parseTimestamp } from './timestamp.ts';
import {
  at,
  headerOf,
  parsedJson,
  type RefusalReason,
  type Refused,
  refused,
  type SignedRequest,
  type Verification,
} from './verification.ts';

/** Stands in for secrets that are missing; what it signs never counts. */
const decoy = randomBytes(32);
/** Current and previous: every request costs at least as many computations. */
const fewestKeys = 2;

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

  const keys = scheme ? secrets.map((secret) => keyOf(secret, scheme.key)) : [];
  while (keys.length < fewestKeys) keys.push(undefined);
  const algorithm = scheme?.algorithm ?? 'sha256';
  const matches = keys.map((key) => {
    const hmac = createHmac(algorithm, key ?? decoy);
    for (const piece of message) hmac.update(piece);
    const expected = hmac.digest();
    const equal = signatures.map((signature) => equalInConstantTime(signature, expected));
    return key !== undefined && equal.includes(true);
  });

  if (scheme === undefined || presented.kind === 'refused') return refused(reasonOf(presented));
  const match = matches.indexOf(true);
  if (match === -1) return refused('mismatch');
  // From here on the bytes are the platform's.
  const body = readsBody(scheme) ? parsedJson(request.body) : undefined;
  const timestamp = freshTimestamp(scheme, body, presented, now());
  if (typeof timestamp === 'object') return timestamp;
  const disagreement = disagreementIn(scheme, body, request);
  if (disagreement) return disagreement;
  return {
    kind: 'verified',
    secret: match === 0 ? 'current' : 'previous',
    ...(timestamp !== undefined && { timestamp }),
  };
}

function reasonOf(presented: Presented | Refused): RefusalReason {
  return presented.kind === 'refused' ? presented.reason : 'mismatch';
}

function readsBody({ timestamp, agreement }: SignatureScheme): boolean {
  return agreement !== undefined || (timestamp !== undefined && 'body' in timestamp.from);
}

/** The time of signing, nothing where the scheme has none, or why it will not do. */
function freshTimestamp(
  { timestamp: rule }: SignatureScheme,
  body: unknown,
  presented: Presented,
  now: number,
): number | Refused | undefined {
  if (rule === undefined) return undefined;
  const found: unknown = 'body' in rule.from ? at(body, rule.from.body) : presented.timestamp;
  if (found === undefined) return rule.optional ? undefined : refused('missing');
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
