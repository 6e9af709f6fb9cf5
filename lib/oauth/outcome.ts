/**
 * What a platform's answer means. One closed set of outcomes for every platform, so that the callers decide by
 * meaning, and each provider's own error table, so that the meaning is the platform's.
 */
import { jsonObject } from '../json.ts';
import type { Answer } from '../platform-http/platform-http.ts';
import type { Secret } from '../telemetry/secret.ts';

/** Why a call gave nothing, by what to do about it. */
export type Failure =
  /** Nothing is wrong with the grant; the same call may succeed later. */
  | { readonly kind: 'retryable'; readonly reason: string; readonly afterSeconds?: number }
  /** The grant is gone; only the user can bring it back. */
  | { readonly kind: 'reconnect_required'; readonly reason: string }
  /** The provider app's own registration is at fault; no user can mend it. */
  | { readonly kind: 'misconfigured'; readonly reason: string }
  /** The platform may have acted, and its answer was lost. */
  | { readonly kind: 'unknown'; readonly reason: string };

/** What an error code of a platform means. */
export type ErrorMeaning = 'retryable' | 'reconnect_required' | 'misconfigured';

/** A platform's error codes (or `http_<status>`) and their meanings; laid over {@link standardErrors}. */
export type ErrorTable = Readonly<Record<string, ErrorMeaning>>;

/** What a platform's refusal says, once its wording is understood. */
export interface Refusal {
  /** The platform's codes for it, the most specific first; the first that a table knows decides. */
  readonly codes: readonly string[];
  /** Whether the platform itself calls it a passing trouble, whatever its code. */
  readonly transient?: boolean;
  /** Seconds until the platform will listen again, where it says so elsewhere than in `Retry-After`. */
  readonly afterSeconds?: number;
}

/** Understands refusals that are not worded as RFC 6749 words them. */
export type RefusalReader = (body: Readonly<Record<string, unknown>>, headers: Headers) => Refusal;

/** The token-endpoint errors of RFC 6749 section 5.2 and the server errors of section 4.1.2.1. */
const standardErrors: ErrorTable = {
  invalid_grant: 'reconnect_required',
  access_denied: 'reconnect_required',
  invalid_client: 'misconfigured',
  unauthorized_client: 'misconfigured',
  unsupported_grant_type: 'misconfigured',
  invalid_scope: 'misconfigured',
  invalid_request: 'misconfigured',
  server_error: 'retryable',
  temporarily_unavailable: 'retryable',
  slow_down: 'retryable',
  // A refusal of our client authentication that says nothing else (RFC 6749 section 5.2).
  http_401: 'misconfigured',
};

/** What the platform gave. */
export interface TokenSet {
  readonly accessToken: Secret;
  /** Absent when the answer had none: then the one held before stays. */
  readonly refreshToken?: Secret;
  readonly tokenType: string;
  /** Seconds the access token lives from now; absent when the platform does not say or what it says is absurd. */
  readonly expiresInSeconds?: number;
  readonly refreshExpiresInSeconds?: number;
  /** Scopes granted; absent when the platform does not say, which means as requested (RFC 6749 section 5.1). */
  readonly scopes?: readonly string[];
  /** The platform's id of the user who granted, where the token answer names it. */
  readonly subject?: string;
  /** The account, where the token answer or the ID token names it. */
  readonly account?: TokenAccount;
  /** Variables of the connection that came with the answer, such as its host. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** An account as a token answer names it. */
export interface TokenAccount {
  readonly accountId: string;
  readonly displayName: string;
  readonly avatarUrl?: string;
  readonly owner?: string;
  readonly metadata: Readonly<Record<string, string | number | boolean>>;
}

export type TokenOutcome =
  | { readonly kind: 'granted'; readonly tokens: TokenSet }
  /** The platform says that it is too early to renew; what is held stays good. */
  | { readonly kind: 'unchanged' }
  | Failure;

export type RevocationOutcome = { readonly kind: 'revoked' } | Failure;

/** Longest lifetime taken at its word: ten years. A platform that says more, or nothing sensible, says nothing. */
const longestLifetimeSeconds = 315_360_000;

/** A lifetime as a platform tells it, in seconds; nothing when it is absurd. */
export function lifetimeSeconds(value: unknown): number | undefined {
  const seconds = typeof value === 'string' ? Number(value) : value;
  return typeof seconds === 'number' && seconds >= 1 && seconds <= longestLifetimeSeconds
    ? Math.floor(seconds)
    : undefined;
}

/**
 * What an answer without the thing asked for means. Only codes that the table knows are named in the reason:
 * a platform's free text never travels further.
 */
export function classifyFailure(
  answer: Answer,
  platformErrors: ErrorTable,
  now: number,
  readRefusal: RefusalReader = standardRefusal,
): Failure {
  if (answer.kind === 'unreachable') return { kind: 'retryable', reason: 'unreachable' };
  if (answer.kind === 'lost') return { kind: 'unknown', reason: 'answer_lost' };
  const table = { ...standardErrors, ...platformErrors };
  const refusal = readRefusal(jsonObject(answer.body) ?? {}, answer.headers);
  const meaning = refusal.codes.find((code) => Object.hasOwn(table, code)) ?? `http_${answer.status}`;
  const afterSeconds = refusal.afterSeconds ?? retryAfterSeconds(answer.headers.get('retry-after'), now);
  const retryable = (reason: string): Failure => ({
    kind: 'retryable',
    reason,
    ...(afterSeconds !== undefined && { afterSeconds }),
  });
  if (answer.status === 429 || answer.status >= 500) return retryable(`http_${answer.status}`);
  if (refusal.transient) return retryable('transient');
  const kind = table[meaning];
  if (kind === 'retryable') return retryable(meaning);
  if (kind !== undefined) return { kind, reason: meaning };
  if (answer.status < 300) return { kind: 'unknown', reason: 'unreadable_answer' };
  // An error nobody documented is no evidence that the grant is gone.
  return retryable('unrecognised_error');
}

/** `error` as text, or the code inside an error object. */
function standardRefusal(body: Readonly<Record<string, unknown>>): Refusal {
  const { error } = body;
  if (typeof error === 'string') return { codes: [error] };
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return { codes: typeof code === 'string' || typeof code === 'number' ? [String(code)] : [] };
}

/** Seconds named by `Retry-After`, in either of its forms (RFC 9110 section 10.2.3), at most a day. */
export function retryAfterSeconds(header: string | null, now: number): number | undefined {
  const text = header?.trim();
  if (!text) return undefined;
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - now) / 1000);
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), 86_400) : undefined;
}
