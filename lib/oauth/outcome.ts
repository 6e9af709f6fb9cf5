/**
 * Classifies the response of a platform. All platforms share one closed set of outcomes, so that callers branch on the
 * meaning; each provider's own error table assigns that meaning to its codes.
 */
import { jsonObject } from '../json.ts';
import type { PlatformResponse } from '../platform-http/platform-http.ts';
import type { Secret } from '../telemetry/secret.ts';
import type { ErrorTable, Refusal, RefusalReader } from './refusal/refusal.ts';
import { entryOf, reportsError, standardErrors, standardRefusal } from './refusal/standard-refusal.ts';

/** Why a call failed, grouped by what the caller must do. */
export type Failure =
  /** Nothing is wrong with the grant; the same call may succeed later. */
  | { readonly kind: 'retryable'; readonly reason: string; readonly afterSeconds?: number }
  /** The platform has ended the grant; only the user can restore it. */
  | { readonly kind: 'reconnect_required'; readonly reason: string }
  /** The registration of the provider app is wrong; no user can fix it. */
  | { readonly kind: 'misconfigured'; readonly reason: string }
  /** The platform may have acted, but its response was lost. */
  | { readonly kind: 'unknown'; readonly reason: string };

/** The tokens of a successful token response. https://www.rfc-editor.org/rfc/rfc6749#section-5.1 */
export interface TokenSet {
  readonly accessToken: Secret;
  /** Absent when the response has none: the caller then keeps the previous one. */
  readonly refreshToken?: Secret;
  readonly tokenType: string;
  /** Lifetime of the access token from now, in seconds; absent when the platform states none or an absurd one. */
  readonly expiresInSeconds?: number;
  readonly refreshExpiresInSeconds?: number;
  /** The granted scopes; absent when the platform names none, which means: as requested (RFC 6749 section 5.1). */
  readonly scopes?: readonly string[];
  /** The platform's id of the user who granted, where the token response names it. */
  readonly subject?: string;
  /** The account, where the token response or the ID token names it. */
  readonly account?: TokenAccount;
  /** Connection variables in the response, such as the host. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** An account that a token response names. */
export interface TokenAccount {
  readonly accountId: string;
  readonly displayName: string;
  readonly avatarUrl?: string;
  readonly platformUserId?: string;
  readonly metadata: Readonly<Record<string, string | number | boolean>>;
}

export type TokenOutcome =
  | { readonly kind: 'granted'; readonly tokens: TokenSet }
  /** The platform considers the refresh too early; the current tokens stay valid. */
  | { readonly kind: 'unchanged' }
  | Failure;

export type RevocationOutcome = { readonly kind: 'revoked' } | Failure;

/** The longest accepted lifetime: ten years. A longer or malformed one counts as absent. */
const longestLifetimeSeconds = 315_360_000;

/** Parses a lifetime in seconds; returns undefined when it is absurd. */
export function lifetimeSeconds(value: unknown): number | undefined {
  const seconds = typeof value === 'string' ? Number(value) : value;
  return typeof seconds === 'number' && seconds >= 1 && seconds <= longestLifetimeSeconds
    ? Math.floor(seconds)
    : undefined;
}

/**
 * Classifies a response that holds no tokens. The reason names only codes of the error table: free text of a platform
 * never leaves this function.
 */
export function classifyFailure(
  response: PlatformResponse,
  platformErrors: ErrorTable,
  now: number,
  readRefusal: RefusalReader = standardRefusal,
): Failure {
  if (response.kind === 'unreachable') return { kind: 'retryable', reason: 'unreachable' };
  if (response.kind === 'lost') return { kind: 'unknown', reason: 'answer_lost' };
  const table = { ...standardErrors, ...platformErrors };
  const body = jsonObject(response.body) ?? {};
  const refusal = readRefusal(body, response.headers);
  const status = statusOf(response.status, refusal);
  const known = refusal.codes.map((code) => entryOf(table, code)).find((entry) => entry !== undefined);
  const meaning = known ?? `http_${status}`;
  const kind = table[meaning];
  const afterSeconds = refusal.afterSeconds ?? retryAfterSeconds(response.headers.get('retry-after'), now);
  const retryable = (reason: string): Failure => ({
    kind: 'retryable',
    reason,
    ...(afterSeconds !== undefined && { afterSeconds }),
  });
  const inTrouble = status === 429 || status >= 500;
  // The body's code comes before the status: platforms report a dead token under 500, too.
  if (inTrouble && (refusal.transient || known === undefined || kind === 'retryable')) {
    return retryable(`http_${status}`);
  }
  if (refusal.transient) return retryable('transient');
  if (kind === 'retryable') return retryable(meaning);
  if (kind !== undefined) return { kind, reason: meaning };
  // A success without what was asked for may have acted; a body that reports an error says that it did not.
  const isRefusal = refusal.codes.length > 0 || (readRefusal === standardRefusal && reportsError(body));
  if (status < 300 && !isRefusal) return { kind: 'unknown', reason: 'unreadable_answer' };
  // An undocumented error does not prove that the grant has ended.
  return retryable('unrecognised_error');
}

/** Under status 200 a numeric code such as `{"error":401}` takes the place of the status. */
function statusOf(status: number, { codes }: Refusal): number {
  const numeric = status < 300 ? codes.find((code) => /^[45]\d\d$/.test(code)) : undefined;
  return numeric === undefined ? status : Number(numeric);
}

/** The three forms of an HTTP date (RFC 9110 section 5.6.7). `Date.parse` would also read `-5` or `1.5` as a year. */
const httpDate = /^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? .*\d\d:\d\d:\d\d/i;

/** Seconds named by `Retry-After`, in either of its forms (RFC 9110 section 10.2.3), at most a day. */
export function retryAfterSeconds(header: string | null, now: number): number | undefined {
  const text = header?.trim();
  if (!text) return undefined;
  const isDate = httpDate.test(text);
  if (!isDate && !/^\d+$/.test(text)) return undefined;
  const seconds = isDate ? Math.ceil((Date.parse(text) - now) / 1000) : Number(text);
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), 86_400) : undefined;
}
