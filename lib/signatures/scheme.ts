/**
 * How a platform signs its webhooks, as data. `defineSignatureScheme` refuses a description under which two different
 * requests could have the same signed bytes, or whose timestamp anybody could change.
 */
import type { Encoding, KeyEncoding } from './encodings.ts';
import { endsByItself, type TimestampFormat } from './timestamp.ts';

/** Where the request carries the signature. */
type SignaturePlace =
  /** The whole header, after a prefix such as `sha256=`. */
  | { readonly form: 'whole'; readonly header: string; readonly prefix?: string }
  /** One of the header's comma-separated `name=value` pairs. */
  | { readonly form: 'pairs'; readonly header: string; readonly name: string }
  /** Any of the header's space-separated `version,signature` items; items of other versions are skipped. */
  | { readonly form: 'versions'; readonly header: string; readonly version: string };

/** A piece of what is signed, in its order. */
export type SignedPart =
  /** The raw bytes of the body. A scheme that leaves them out accepts an empty body only. */
  | 'body'
  /** The text of the timestamp, as it was sent. */
  | 'timestamp'
  | { readonly text: string }
  /** A header's value: one word of visible ASCII, or a timestamp that is signed but not trusted. */
  | { readonly header: string; readonly format?: TimestampFormat };

/** Where the request carries the signing time, and the maximum age accepted. */
interface TimestampRule {
  readonly from:
    | { readonly header: string }
    /** A pair of the signature's own header. */
    | { readonly pair: string }
    /** A path into the JSON body. */
    | { readonly body: readonly string[] };
  readonly format: TimestampFormat;
  /** Maximum age. A timestamp may be ahead of our clock by five minutes at most. */
  readonly toleranceSeconds: number;
  /** The platform may omit the timestamp from the body; the age limit is then not applied. */
  readonly optional?: true;
}

export interface SchemeDescription {
  /** Of the HMAC. */
  readonly algorithm: 'sha1' | 'sha256' | 'sha512';
  readonly encoding: Encoding;
  readonly signature: SignaturePlace;
  readonly key: KeyEncoding;
  readonly signed: readonly SignedPart[];
  readonly timestamp?: TimestampRule;
  /** A header that is not signed and must repeat a text inside the signed body. */
  readonly agreement?: { readonly header: string; readonly body: readonly string[] };
}

declare const checked: unique symbol;
/** A description that was checked. */
export type SignatureScheme = SchemeDescription & { readonly [checked]: true };

const headerName = /^[a-z0-9-]{1,64}$/;
/** Accepted events are remembered for one more day, so that a replay is recognised. */
const longestToleranceSeconds = 14 * 86_400;

/**
 * Checks a description.
 * @throws Error saying what is wrong with it.
 */
export function defineSignatureScheme(description: SchemeDescription): SignatureScheme {
  const { signature, signed, timestamp, agreement } = description;
  const wrong = (what: string) => new Error(`Signature scheme: ${what}`);
  const headers = [
    signature.header,
    ...(agreement ? [agreement.header] : []),
    ...(timestamp && 'header' in timestamp.from ? [timestamp.from.header] : []),
    ...signed.flatMap((part) => (typeof part === 'object' && 'header' in part ? [part.header] : [])),
  ];
  if (!headers.every((name) => headerName.test(name))) throw wrong('header names are lower case.');
  const count = (wanted: SignedPart) => signed.filter((part) => part === wanted).length;
  if (signed.every((part) => typeof part === 'object' && 'text' in part)) throw wrong('nothing is signed.');
  if (count('body') > 1 || count('timestamp') > 1) throw wrong('body and timestamp are signed once.');
  const fromBody = timestamp !== undefined && 'body' in timestamp.from;
  if ((fromBody || agreement) && count('body') === 0) throw wrong('the body it reads from is not signed.');
  if (timestamp !== undefined && !fromBody && count('timestamp') === 0) {
    throw wrong('a timestamp outside the body proves nothing unless it is signed.');
  }
  if (count('timestamp') > 0 && (timestamp === undefined || fromBody)) {
    throw wrong('the timestamp to sign stands in no header.');
  }
  if (timestamp && 'pair' in timestamp.from && signature.form !== 'pairs') throw wrong('there are no pairs.');
  if (timestamp?.optional && !fromBody) throw wrong('only a timestamp in the body may be left out.');
  if (
    timestamp &&
    !(timestamp.toleranceSeconds > 0 && timestamp.toleranceSeconds <= longestToleranceSeconds)
  ) {
    throw wrong('the tolerance is above 0 seconds and at most 14 days.');
  }
  for (const index of signed.keys()) {
    // A digit parts no number from what follows it.
    if (needsDelimiter(description, index) && /^\d*$/.test(delimiterOf(signed, index) ?? '')) {
      throw wrong('a text must part each header or number from what is signed beside it.');
    }
  }
  return description as SignatureScheme;
}

/** The same scheme with another tolerance, for a platform whose retries keep the first timestamp. */
export function withTolerance(scheme: SignatureScheme, toleranceSeconds: number): SignatureScheme {
  const { timestamp } = scheme;
  if (timestamp === undefined) throw new Error('Signature scheme: it has no timestamp to tolerate.');
  return defineSignatureScheme({ ...scheme, timestamp: { ...timestamp, toleranceSeconds } });
}

/**
 * The delimiter between a piece and the text that separates it from the body. The piece must not contain any of its
 * characters: only then can the signed bytes be parsed in exactly one way.
 */
export function delimiterOf(signed: readonly SignedPart[], index: number): string | undefined {
  const neighbour = signed[isAfterBody(signed, index) ? index - 1 : index + 1];
  return typeof neighbour === 'object' && 'text' in neighbour && neighbour.text !== ''
    ? neighbour.text
    : undefined;
}

function needsDelimiter({ signed, timestamp }: SchemeDescription, index: number): boolean {
  const part = signed[index];
  if (part === undefined || part === 'body' || (typeof part === 'object' && 'text' in part)) return false;
  const format = part === 'timestamp' ? timestamp?.format : part.format;
  if (format !== undefined && endsByItself(format)) return false;
  return signed.includes('body') || index < signed.length - 1;
}

function isAfterBody(signed: readonly SignedPart[], index: number): boolean {
  const body = signed.indexOf('body');
  return body !== -1 && index > body;
}
