/**
 * Classifies the response of a platform. All platforms share one closed set of outcomes, so that callers branch on the
 * meaning; each provider's own error table assigns that meaning to its codes.
 */
import { jsonObject } from '../json.ts';
import type { PlatformResponse } from '../platform-http/platform-http.ts';
import type { Secret } from '../telemetry/secret.ts';

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

/** What an error code of a platform means. */
export type ErrorMeaning = 'retryable' | 'reconnect_required' | 'misconfigured';

/** A platform's error codes (or `http_<status>`) and their meanings; laid over {@link standardErrors}. */
export type ErrorTable = Readonly<Record<string, ErrorMeaning>>;

/** A parsed refusal of a platform. */
export interface Refusal {
  /** The platform's error codes, the most specific first; the first one in the error table decides. */
  readonly codes: readonly string[];
  /** Whether the platform marks the error as transient, regardless of its code. */
  readonly transient?: boolean;
  /** Seconds to wait, where the platform states them outside `Retry-After`. */
  readonly afterSeconds?: number;
}

/** Parses refusals that do not follow RFC 6749 section 5.2. */
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
  answer: PlatformResponse,
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
  // An undocumented error does not prove that the grant has ended.
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
