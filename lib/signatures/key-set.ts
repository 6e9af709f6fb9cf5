/**
 * A platform's public keys (JWKS), fetched when first needed and kept. An unknown key id makes it look again, but seldom,
 * so that forged tokens cannot turn into a stream of requests; while the platform is away, known keys go on serving.
 */
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import * as z from 'zod/mini';

export interface KeySet {
  /** The keys, looked up anew if none has this id; nothing when they cannot be had now. */
  forKey(keyId: string): Promise<JWTVerifyGetKey | undefined>;
}

const freshMilliseconds = 10 * 60_000;
/** Keys that could not be renewed for this long are no longer believed. */
const longestUseMilliseconds = 24 * 3_600_000;
const pauseAfterSuccessMilliseconds = 30_000;
const pauseAfterFailureMilliseconds = 1_000;
const timeoutMilliseconds = 3_000;
const largestAnswerBytes = 256 * 1024;

const keysAnswer = z.object({
  keys: z.array(z.looseObject({ kty: z.string(), kid: z.optional(z.string()) })),
});

interface Held {
  readonly keys: JWTVerifyGetKey;
  readonly ids: ReadonlySet<string | undefined>;
  readonly fetchedAt: number;
}

export function createKeySet(parts: {
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly now: () => number;
  /** Exact origins for which plain http is accepted. */
  readonly insecureOrigins?: readonly string[];
  readonly timeoutMilliseconds?: number;
}): KeySet {
  const url = new URL(parts.url);
  if (url.protocol !== 'https:' && !parts.insecureOrigins?.includes(url.origin)) {
    throw new Error('Public keys were to be fetched without TLS. Check their address.');
  }
  let held: Held | undefined;
  let nextLook = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    const found = await fetchKeys(url, parts.fetch, parts.timeoutMilliseconds ?? timeoutMilliseconds);
    const time = parts.now();
    if (found) held = { ...found, fetchedAt: time };
    nextLook = time + (found ? pauseAfterSuccessMilliseconds : pauseAfterFailureMilliseconds);
  }

  return {
    async forKey(keyId) {
      const age = held ? parts.now() - held.fetchedAt : Number.POSITIVE_INFINITY;
      const enough = held?.ids.has(keyId) && age < freshMilliseconds;
      if (!enough && (looking || parts.now() >= nextLook)) {
        looking ??= look().finally(() => {
          looking = undefined;
        });
        await looking;
      }
      return held && parts.now() - held.fetchedAt < longestUseMilliseconds ? held.keys : undefined;
    },
  };
}

/** The keys at an address, for whoever asks: fetched once for as long as they are fresh. */
export function publishedKeys(url: string, insecureOrigins: readonly string[] = []) {
  const sets = new WeakMap<typeof fetch, KeySet>();
  return (by: { readonly fetch: typeof fetch; readonly now: () => number }): KeySet => {
    const known = sets.get(by.fetch) ?? createKeySet({ url, fetch: by.fetch, now: by.now, insecureOrigins });
    sets.set(by.fetch, known);
    return known;
  };
}

async function fetchKeys(
  url: URL,
  fetchNow: typeof fetch,
  timeout: number,
): Promise<Omit<Held, 'fetchedAt'> | undefined> {
  try {
    const response = await fetchNow(url, {
      headers: { accept: 'application/json', 'user-agent': 'hawser' },
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout),
    });
    if (response.status !== 200) return undefined;
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength;
      if (size > largestAnswerBytes) return undefined;
      chunks.push(chunk);
    }
    const answer: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const { keys } = keysAnswer.parse(answer);
    return { keys: createLocalJWKSet(answer as JSONWebKeySet), ids: new Set(keys.map((key) => key.kid)) };
  } catch {
    return undefined;
  }
}
