/**
 * The way to the owner's own signer. OnlyFans takes no call without a signature whose rules change with its site;
 * Hawser holds no such rules and fetches none. The signer learns what is to be asked, and never a value of the session.
 */
import * as z from 'zod/mini';
import { jsonObject } from '../../json.ts';
import type { PlatformHttp, PlatformResponse } from '../../platform-http/platform-http.ts';

/** What the signer receives, as JSON by POST. */
export interface SignRequest {
  readonly method: 'GET';
  /** Path and query. */
  readonly path: string;
  readonly userId: string;
}

/** A signature, or why there is none: always the operator's matter, never the user's. */
export type Signing =
  | {
      readonly kind: 'signed';
      readonly headers: Readonly<Record<string, string>>;
      /** Whether the signer vouches for its own rules; absent when it does not say. */
      readonly healthy?: boolean;
    }
  | { readonly kind: 'misconfigured'; readonly reason: string };

/** Short, so that signer and platform together fit into one gateway request of 30 s. */
const timeoutMilliseconds = 4_000;

const headerValue = z.string().check(z.regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,1022}[\x21-\x7e])?$/));
/** `sign`, `time`, `app-token` and all that the site adds to them; nothing that says who asks. */
const headerName = z.string().check(z.regex(/^(?:sign|time|app-token|x-(?!bc$)[a-z0-9-]{1,60})$/));
const signerAnswer = z.object({
  headers: z
    .record(headerName, headerValue)
    .check(
      z.refine((headers) => ['sign', 'time', 'app-token'].every((name) => Object.hasOwn(headers, name))),
    ),
  healthy: z.exactOptional(z.boolean()),
});

/** Asks the signer once. Its answer is `{ "headers": { "sign", "time", "app-token", … }, "healthy"? }`. */
export async function signRequest(
  http: PlatformHttp,
  signerUrl: string | undefined,
  request: SignRequest,
): Promise<Signing> {
  if (!signerUrl) return { kind: 'misconfigured', reason: 'signer_missing' };
  const answer = await ask(http, signerUrl, request);
  if (answer?.kind !== 'answered' || answer.status !== 200) {
    return { kind: 'misconfigured', reason: 'signer_failed' };
  }
  const read = signerAnswer.safeParse(jsonObject(answer.body));
  if (!read.success) return { kind: 'misconfigured', reason: 'signer_malformed' };
  // A signature by rules known to be stale would end the user's session.
  if (read.data.healthy === false) return { kind: 'misconfigured', reason: 'signer_unhealthy' };
  return { kind: 'signed', ...read.data };
}

/** Nothing when the address is none that may be called. */
async function ask(
  http: PlatformHttp,
  url: string,
  request: SignRequest,
): Promise<PlatformResponse | undefined> {
  try {
    return await http({
      url,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
      timeoutMilliseconds,
    });
  } catch {
    return undefined;
  }
}
