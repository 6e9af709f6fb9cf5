/** The input and result types that all checks of incoming webhooks share, for every platform's scheme. */

/** An HTTP request as it was signed: nothing parsed, nothing decoded. */
export interface SignedRequest {
  readonly method: string;
  /** By lower-case name; repeated headers joined by commas, as the gateway gives them. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The raw bytes, after the gateway's base64 was undone. */
  readonly body: Uint8Array;
  /** The raw query string without its question mark, still encoded. */
  readonly query?: string;
}

/** Why a request was refused: for metrics and logs. The platform gets the same answer to each. */
export type RefusalReason =
  /** The request lacks something that the scheme requires. */
  | 'missing'
  /** The request carries it, but not in the scheme's format. */
  | 'malformed'
  /** None of the app's secrets produced the signature. */
  | 'mismatch'
  /** Authentic, but too old or from the future. */
  | 'stale';

export interface Refused {
  readonly kind: 'refused';
  readonly reason: RefusalReason;
}

export type Verification =
  | {
      readonly kind: 'verified';
      /** When it was signed, in epoch milliseconds, where the scheme says. */
      readonly timestamp?: number;
      /** Whether the first secret made the signature or one of the others. */
      readonly secret: 'current' | 'previous';
    }
  | Refused;

export function refused(reason: RefusalReason): Refused {
  return { kind: 'refused', reason };
}

/** A header's value; an empty one counts as absent. */
export function headerOf(request: Pick<SignedRequest, 'headers'>, name: string): string | undefined {
  return Object.hasOwn(request.headers, name) ? request.headers[name] || undefined : undefined;
}

/** The JSON value in some bytes, or nothing. Only for bytes that were verified, or where nothing is acted on. */
export function parsedJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** A text, number or truth of a JSON value as text; nothing of what is empty or made of others. */
export function asText(value: unknown): string | undefined {
  return ['string', 'number', 'boolean'].includes(typeof value) && value !== '' ? String(value) : undefined;
}

/** The value at a path of own properties inside a JSON value. */
export function at(value: unknown, path: readonly string[]): unknown {
  let inner = value;
  for (const name of path) {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, name)) return undefined;
    inner = (inner as Readonly<Record<string, unknown>>)[name];
  }
  return inner;
}
