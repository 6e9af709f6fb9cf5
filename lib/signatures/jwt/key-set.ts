/**
 * A platform's public keys (JWKS), fetched when first needed and kept. An unknown key id makes it look again, but seldom,
 * so that forged tokens cannot turn into a stream of requests; while the platform is away, known keys go on serving.
 */
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import { createCache, steadyClock } from '../../cache.ts';

export interface KeySet {
  /** The keys, looked up again if none has this id; nothing when they cannot be had now. */
  forKey(keyId: string): Promise<JWTVerifyGetKey | undefined>;
}

const freshMilliseconds = 10 * 60_000;
/** Keys that could not be fetched again for this long are no longer believed. */
const longestUseMilliseconds = 24 * 3_600_000;
const pauseAfterSuccessMilliseconds = 30_000;
const pauseAfterFailureMilliseconds = 1_000;
const timeoutMilliseconds = 3_000;
const largestAnswerBytes = 256 * 1024;

export interface KeySetDeps {
  readonly url: string;
  readonly fetch: typeof fetch;
  /** Milliseconds of a clock that cannot be set back. */
  readonly monotonic: () => number;
  /** Exact origins for which plain http is accepted. */
  readonly insecureOrigins?: readonly string[];
  readonly timeoutMilliseconds?: number;
}

export function createKeySet(deps: KeySetDeps): KeySet {
  const remote = openRemoteKeys(deps);
  // jose fetches, parses and finds keys; when it fetches is decided here, because it would go by wall time.
  const cache = createCache({
    load: async () => {
      await remote.reload();
      return { ids: new Set(remote.jwks()?.keys.map(({ kid }) => kid)), keys: remote };
    },
    monotonic: deps.monotonic,
    maxAge: freshMilliseconds,
    maxEntries: 1,
    staleIfError: longestUseMilliseconds,
    retryAfter: pauseAfterFailureMilliseconds,
  });

  return {
    async forKey(keyId) {
      try {
        const known = await cache.get('keys');
        if (known.ids.has(keyId)) return known.keys;
        return (await cache.get('keys', pauseAfterSuccessMilliseconds)).keys;
      } catch {
        return undefined;
      }
    },
  };
}

/** The keys at an address, fetched once by all who ask for as long as they are fresh. */
export function publishedKeys(url: string, insecureOrigins: readonly string[] = []) {
  const sets = new WeakMap<typeof fetch, KeySet>();
  return ({
    fetch,
    now,
  }: {
    readonly fetch: typeof globalThis.fetch;
    readonly now: () => number;
  }): KeySet => {
    const known =
      sets.get(fetch) ?? createKeySet({ url, fetch, monotonic: steadyClock(now), insecureOrigins });
    sets.set(fetch, known);
    return known;
  };
}

function openRemoteKeys(deps: KeySetDeps) {
  const url = new URL(deps.url);
  if (url.protocol !== 'https:' && !deps.insecureOrigins?.includes(url.origin)) {
    throw new Error('Public keys were to be fetched without TLS. Check their address.');
  }
  return createRemoteJWKSet(url, {
    headers: { accept: 'application/json', 'user-agent': 'hawser' },
    timeoutDuration: deps.timeoutMilliseconds ?? timeoutMilliseconds,
    // Once loaded it never fetches by itself.
    cacheMaxAge: Number.POSITIVE_INFINITY,
    cooldownDuration: Number.POSITIVE_INFINITY,
    [customFetch]: async (input, init) => limitAnswer(await deps.fetch(input, init)),
  });
}

/** The same response, which can be read to the greatest size of an answer and no further. */
function limitAnswer(response: Response): Response {
  let size = 0;
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      size += chunk.byteLength;
      if (size > largestAnswerBytes) controller.error(new Error('The answer with public keys is too large.'));
      else controller.enqueue(chunk);
    },
  });
  const { status } = response;
  return status === 200 ? new Response(response.body?.pipeThrough(counted), { status }) : response;
}
