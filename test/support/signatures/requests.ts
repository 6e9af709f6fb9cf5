/** Requests for the tests of signatures: made from vectors, and altered in every way that one byte allows. */

import { genericHmac } from '../../../lib/signatures/generic-hmac.ts';
import type { SignatureScheme } from '../../../lib/signatures/scheme.ts';
import {
  asanaSignature,
  klaviyoSignature,
  metaSignature,
  slackSignature,
  standardWebhooksSignature,
  tiktokSignature,
} from '../../../lib/signatures/schemes.ts';
import type { SignedRequest } from '../../../lib/signatures/verification.ts';
import asana from '../../vectors/signatures/asana.json' with { type: 'json' };
import generic from '../../vectors/signatures/generic-hmac.json' with { type: 'json' };
import klaviyo from '../../vectors/signatures/klaviyo.json' with { type: 'json' };
import meta from '../../vectors/signatures/meta.json' with { type: 'json' };
import slack from '../../vectors/signatures/slack.json' with { type: 'json' };
import standard from '../../vectors/signatures/standard-webhooks.json' with { type: 'json' };
import tiktok from '../../vectors/signatures/tiktok.json' with { type: 'json' };

type Headers = Readonly<Record<string, string | undefined>>;

export interface Vector {
  readonly name: string;
  readonly secret: string;
  readonly headers: Headers;
  readonly body: string;
  readonly nowSeconds?: number | undefined;
  readonly timestampSeconds?: number | undefined;
  readonly rejects: readonly { readonly name: string; readonly headers: Headers }[];
}

export interface SchemeVector extends Vector {
  readonly scheme: SignatureScheme;
}

const under = (scheme: SignatureScheme, vectors: readonly Vector[]): readonly SchemeVector[] =>
  vectors.map((vector) => ({ ...vector, scheme }));

/** Every vector of every scheme that signs. */
export const vectors: readonly SchemeVector[] = [
  ...under(tiktokSignature, tiktok.cases),
  ...under(metaSignature, meta.cases),
  ...under(slackSignature, slack.cases),
  ...under(klaviyoSignature, klaviyo.cases),
  ...under(asanaSignature, asana.cases),
  ...under(genericHmac(generic.github.settings), generic.github.cases),
  ...under(genericHmac(generic.onlyfansVendor.settings), generic.onlyfansVendor.cases),
  ...under(standardWebhooksSignature, standard.cases),
];

export function requestOf(vector: Pick<Vector, 'headers' | 'body'>): SignedRequest {
  return { method: 'POST', headers: vector.headers, body: Buffer.from(vector.body, 'utf8') };
}

/** A clock that stands at the vector's time. */
export const clockOf = (vector: Pick<Vector, 'nowSeconds'>) => () =>
  (vector.nowSeconds ?? 1_767_225_600) * 1000;

/** The request with one byte of the body altered: each byte by each of its bits. */
export function* bodiesFlipped(request: SignedRequest): Generator<SignedRequest> {
  for (const index of request.body.keys()) {
    for (let bit = 0; bit < 8; bit += 1) {
      const body = Uint8Array.from(request.body);
      body[index] = (body[index] ?? 0) ^ (1 << bit);
      yield { ...request, body };
    }
  }
}

/** The request with one character of one header replaced: each character by every other one that a header may hold. */
export function* headersFlipped(request: SignedRequest): Generator<SignedRequest> {
  for (const [name, value = ''] of Object.entries(request.headers)) {
    for (const altered of textsFlipped(value)) {
      yield { ...request, headers: { ...request.headers, [name]: altered } };
    }
  }
}

/** A text with one character replaced: each character by every other one of visible ASCII, and the space. */
export function* textsFlipped(text: string): Generator<string> {
  for (let index = 0; index < text.length; index += 1) {
    for (let code = 0x20; code < 0x7f; code += 1) {
      if (code === text.charCodeAt(index)) continue;
      yield text.slice(0, index) + String.fromCharCode(code) + text.slice(index + 1);
    }
  }
}

/** A token with one character of its header or its claims replaced, each by some that change other bits of it. */
export function* claimsFlipped(token: string): Generator<string> {
  for (let index = 0; index < token.lastIndexOf('.'); index += 1) {
    for (const character of ['A', 'Q', '-', '.']) {
      if (token[index] === character) continue;
      yield token.slice(0, index) + character + token.slice(index + 1);
    }
  }
}
