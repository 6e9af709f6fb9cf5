/**
 * The one cache: values in memory, bounded in number and age. Concurrent loads of one key are single-flight, errors are
 * never cached, and the age of a value counts from the start of its load, on a clock that cannot be set back.
 */

/** Milliseconds of age, the same for every value or depending on the value. 0 keeps nothing. */
export type MaxAge<Value> = number | ((value: Value) => number);

export interface CacheOptions<Key, Value> {
  readonly load: (key: Key) => Promise<Value>;
  /** Milliseconds of a clock that never goes back, see {@link steadyClock}. */
  readonly monotonic: () => number;
  /** The cache reloads a value of this age. A function can give an absent value another age than a present one. */
  readonly maxAge: MaxAge<Value>;
  /** Most keys held at once; the cache evicts the least recently used. */
  readonly maxEntries: number;
  /** Up to this age the last value is served while loads fail (stale-if-error). Defaults to 0: the error is thrown. */
  readonly staleIfError?: number;
  /** Pause after a failed load, during which callers get the outcome of that failure. Defaults to 0. */
  readonly retryAfter?: number;
}

export interface Cache<Key, Value> {
  /**
   * Returns the value, and loads it if none in memory is young enough.
   * @param maxAge overrides the cache's own: 0 always loads, 10_000 goes past memory at most every ten seconds.
   * @throws what the load throws.
   */
  get(key: Key, maxAge?: MaxAge<Value>): Promise<Value>;
  /** Puts a value that was not loaded here into memory. */
  put(key: Key, value: Value): void;
  /** Whether a value is in memory or being loaded. */
  has(key: Key): boolean;
}

interface Entry<Value> {
  held?: { readonly value: Value; readonly since: number };
  flight?: { readonly value: Promise<Value>; readonly since: number };
  failure?: { readonly error: unknown; readonly at: number };
}

export function createCache<Key, Value>(options: CacheOptions<Key, Value>): Cache<Key, Value> {
  const { load, monotonic, maxEntries, staleIfError = 0, retryAfter = 0 } = options;
  const entries = new Map<Key, Entry<Value>>();

  return {
    async get(key, maxAge = options.maxAge) {
      const { held, flight, failure } = touchEntry(key);
      const time = monotonic();
      if (held && time - held.since < ageOf(maxAge, held.value)) return held.value;
      // A flight that began too long ago may bring a value that is too old for this caller.
      if (flight && time - flight.since < (typeof maxAge === 'number' ? maxAge : Infinity))
        return flight.value;
      if (failure && time - failure.at < retryAfter) return valueAfterFailure(held, failure.error);
      return startFlight(key, time);
    },

    put(key, value) {
      keepValue(key, value, monotonic());
    },

    has(key) {
      const entry = entries.get(key);
      return entry?.held !== undefined || entry?.flight !== undefined;
    },
  };

  function startFlight(key: Key, since: number): Promise<Value> {
    const entry = entries.get(key) ?? addEntry(key);
    const loading = (async () => load(key))();
    const flight = { value: land(), since };
    entry.flight = flight;
    return flight.value;

    async function land(): Promise<Value> {
      try {
        const value = await loading;
        keepValue(key, value, since);
        return value;
      } catch (error) {
        entry.failure = { error, at: monotonic() };
        return valueAfterFailure(entry.held, error);
      } finally {
        if (entry.flight === flight) delete entry.flight;
        dropEmpty(key, entry);
      }
    }
  }

  /** A value that is slow to arrive never takes the place of a younger one. */
  function keepValue(key: Key, value: Value, since: number): void {
    const entry = entries.get(key) ?? addEntry(key);
    if (entry.held && entry.held.since > since) return;
    delete entry.failure;
    if (ageOf(options.maxAge, value) > 0) entry.held = { value, since };
    else delete entry.held;
    dropEmpty(key, entry);
  }

  function valueAfterFailure(held: Entry<Value>['held'], error: unknown): Value {
    if (held && monotonic() - held.since < staleIfError) return held.value;
    throw error;
  }

  /** A Map keeps the order of insertion, so its first entry is the least recently used one. */
  function touchEntry(key: Key): Entry<Value> {
    const entry = entries.get(key);
    if (!entry) return {};
    entries.delete(key);
    entries.set(key, entry);
    return entry;
  }

  function addEntry(key: Key): Entry<Value> {
    const entry: Entry<Value> = {};
    entries.set(key, entry);
    if (entries.size > maxEntries) {
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    }
    return entry;
  }

  function dropEmpty(key: Key, entry: Entry<Value>): void {
    const remembersFailure = entry.failure !== undefined && retryAfter > 0;
    if (entry.held || entry.flight || remembersFailure) return;
    if (entries.get(key) === entry) entries.delete(key);
  }
}

/**
 * A clock that cannot be set back: with each reading it advances by the most that any of the given clocks has
 * advanced. Wall time may be set back, and a process's own clock may stand still while Lambda has frozen it; neither makes
 * anything in memory younger than it is.
 */
export function steadyClock(...clocks: readonly (() => number)[]): () => number {
  let elapsed = 0;
  let last = clocks.map((clock) => clock());
  return () => {
    const current = clocks.map((clock) => clock());
    elapsed += Math.max(0, ...current.map((time, at) => time - (last[at] ?? time)));
    last = current;
    return elapsed;
  };
}

function ageOf<Value>(maxAge: MaxAge<Value>, value: Value): number {
  return typeof maxAge === 'number' ? maxAge : maxAge(value);
}
