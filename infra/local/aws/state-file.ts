/**
 * A small state kept as one JSON file that only its owner may read, or in memory where no file is named.
 * A write replaces the whole file at once: a crash leaves the old state or the new one, never half of either.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

export interface StateFile<State> {
  read(): State;
  /** Returns once the state is on the disk. */
  write(next: State): void;
}

interface StateFileOptions<State> {
  /** In memory when absent. */
  readonly path: string | undefined;
  readonly empty: State;
  /** Turns the file's JSON into a state; throws where it is none. */
  readonly parse: (json: unknown) => State;
}

/** @throws when the file exists but holds no such state: it is then left as it is, for a person to look at. */
export function openStateFile<State>({ path, empty, parse }: StateFileOptions<State>): StateFile<State> {
  let state = path === undefined ? empty : readState(path, empty, parse);
  return {
    read: () => state,
    write(next) {
      if (path !== undefined) {
        const fresh = `${path}.new`;
        writeFileSync(fresh, JSON.stringify(next), { mode: 0o600, flush: true });
        renameSync(fresh, path);
      }
      state = next;
    },
  };
}

function readState<State>(path: string, empty: State, parse: (json: unknown) => State): State {
  const text = readIfPresent(path);
  if (text === undefined) return empty;
  try {
    return parse(JSON.parse(text));
  } catch {
    // The cause stays out: a parser's message repeats parts of a file that holds keys.
    throw new Error(`${path} is damaged. Restore it from a copy, or remove the folder to start afresh.`);
  }
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
}
