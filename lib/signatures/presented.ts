/**
 * Takes from a request what its scheme names: the signatures presented, as bytes of the right length, and the bytes
 * that were signed. Repeated headers, which arrive joined by commas, never pass.
 */
import { decodeStrictly } from './encodings.ts';
import { delimiterOf, type SignatureScheme, type SignedPart } from './scheme.ts';
import { endsByItself, isSpelled } from './timestamp.ts';
import { headerOf, type RefusalReason, refused, type SignedRequest } from './verification.ts';

export interface Presented {
  readonly kind: 'presented';
  /** One, or several where the scheme allows several. */
  readonly signatures: readonly Uint8Array[];
  /** What was signed, in pieces. */
  readonly message: readonly Uint8Array[];
  /** The timestamp as it was sent, where it stands outside the body. */
  readonly timestamp?: string;
}

const digestBytes = { sha1: 20, sha256: 32, sha512: 64 } as const;
/** More than any rotation needs; bounds the work that one request can ask for. */
const mostSignatures = 10;
/** One word of visible ASCII without a comma. */
const word = /^[\x21-\x2b\x2d-\x7e]{1,256}$/;

export function readPresented(scheme: SignatureScheme, request: SignedRequest) {
  const header = headerOf(request, scheme.signature.header);
  if (header === undefined) return refused('missing');
  const pairs = scheme.signature.form === 'pairs' ? readPairs(header) : new Map<string, string>();
  if (pairs === undefined) return refused('malformed');

  const texts = signatureTexts(scheme, header, pairs);
  const signatures: Uint8Array[] = [];
  for (const text of texts ?? []) {
    const bytes = decodeStrictly(text, scheme.encoding);
    if (bytes?.byteLength !== digestBytes[scheme.algorithm]) return refused('malformed');
    signatures.push(bytes);
  }
  if (texts === undefined || signatures.length > mostSignatures) return refused('malformed');
  if (signatures.length === 0) return refused('missing');

  const timestamp = timestampText(scheme, request, pairs);
  const message: Uint8Array[] = [];
  for (const index of scheme.signed.keys()) {
    const piece = readPart(scheme, index, request, timestamp);
    if (typeof piece === 'string') return refused(piece);
    message.push(piece);
  }
  if (!scheme.signed.includes('body') && request.body.byteLength > 0) return refused('malformed');
  return {
    kind: 'presented',
    signatures,
    message,
    ...(timestamp !== undefined && { timestamp }),
  } satisfies Presented;
}

/** The texts to decode; nothing when the header is not in the scheme's form. */
function signatureTexts(
  { signature }: SignatureScheme,
  header: string,
  pairs: ReadonlyMap<string, string>,
): readonly string[] | undefined {
  switch (signature.form) {
    case 'whole': {
      const prefix = signature.prefix ?? '';
      return header.startsWith(prefix) ? [header.slice(prefix.length)] : undefined;
    }
    case 'pairs': {
      const text = pairs.get(signature.name);
      return text === undefined ? [] : [text];
    }
    case 'versions': {
      const items = header.split(' ').map((item) => /^([a-z0-9]{1,8}),([^,]+)$/.exec(item));
      if (items.includes(null)) return undefined;
      return items.flatMap((item) => (item?.[1] === signature.version && item[2] ? [item[2]] : []));
    }
  }
}

function readPairs(header: string): ReadonlyMap<string, string> | undefined {
  const pairs = new Map<string, string>();
  for (const pair of header.split(',')) {
    const cut = pair.indexOf('=');
    const name = pair.slice(0, cut);
    if (cut < 1 || pairs.has(name)) return undefined;
    pairs.set(name, pair.slice(cut + 1));
  }
  return pairs;
}

function timestampText(
  { timestamp }: SignatureScheme,
  request: SignedRequest,
  pairs: ReadonlyMap<string, string>,
): string | undefined {
  if (timestamp === undefined || 'body' in timestamp.from) return undefined;
  return 'pair' in timestamp.from
    ? pairs.get(timestamp.from.pair) || undefined
    : headerOf(request, timestamp.from.header);
}

/** The bytes of one signed piece, or why there are none. */
function readPart(
  scheme: SignatureScheme,
  index: number,
  request: SignedRequest,
  timestamp: string | undefined,
): Uint8Array | RefusalReason {
  const part: SignedPart = scheme.signed[index] ?? 'body';
  if (part === 'body') return request.body;
  if (typeof part === 'object' && 'text' in part) return Buffer.from(part.text, 'utf8');
  const text = part === 'timestamp' ? timestamp : headerOf(request, part.header);
  const format = part === 'timestamp' ? scheme.timestamp?.format : part.format;
  if (text === undefined) return 'missing';
  if (format === undefined ? !word.test(text) : !isSpelled(text, format)) return 'malformed';
  const delimiter = format && endsByItself(format) ? undefined : delimiterOf(scheme.signed, index);
  if (delimiter?.split('').some((character) => text.includes(character))) return 'malformed';
  return Buffer.from(text, 'utf8');
}
