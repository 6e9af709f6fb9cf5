/** The shapes in which providers describe their refusals. */

/** What an error code of a platform means. */
export type ErrorMeaning = 'retryable' | 'reconnect_required' | 'misconfigured';

/** A platform's error codes (or `http_<status>`) and their meanings; they override `standardErrors`. */
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
