/**
 * Keeps a data folder to one process at a time, so that two of them never write over each other.
 * The lock names its holder; one whose holder is dead is taken over.
 */
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface FolderLock {
  /** Gives the folder free. A second call does nothing. */
  release(): void;
}

/** Locks of this process, by their path: its own id is alive, whoever wrote it. */
const heldHere = new Set<string>();

/**
 * Creates the folder where it is missing, readable by its owner only.
 * @throws when another live process, or this one, holds it already.
 */
export function lockFolder(folder: string): FolderLock {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(realpathSync(folder), 'lock');
  const mine = JSON.stringify({ pid: process.pid, started: startOf(process.pid), nonce: randomUUID() });
  // A second round after a take-over; whoever is faster then is alive.
  if (!claim(path, mine)) {
    removeStale(path, folder);
    if (!claim(path, mine)) throw inUse(folder, undefined);
  }
  heldHere.add(path);
  let held = true;
  return {
    release() {
      if (!held) return;
      held = false;
      heldHere.delete(path);
      if (readIfPresent(path) === mine) rmSync(path, { force: true });
    },
  };
}

/** Writes the whole lock under a name of its own first: nobody ever reads half a lock. */
function claim(path: string, content: string): boolean {
  const fresh = `${path}.${randomUUID()}`;
  writeFileSync(fresh, content, { mode: 0o600 });
  try {
    linkSync(fresh, path);
    return true;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return false;
    throw cause;
  } finally {
    rmSync(fresh, { force: true });
  }
}

function removeStale(path: string, folder: string): void {
  const found = readIfPresent(path);
  if (found === undefined) return;
  const holder = parseHolder(found);
  if (heldHere.has(path) || (holder !== undefined && isAlive(holder))) throw inUse(folder, holder?.pid);
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return;
    throw cause;
  }
  // Between reading and moving, another process may have taken the lock over: then it gets it back.
  const moved = readFileSync(aside, 'utf8');
  if (moved !== found) claim(path, moved);
  rmSync(aside, { force: true });
}

interface Holder {
  readonly pid: number;
  readonly started: string;
}

function isAlive({ pid, started }: Holder): boolean {
  // This very process, in another thread, or a bearer of its id in an earlier life.
  if (pid === process.pid) return started !== '' && startOf(pid) === started;
  try {
    process.kill(pid, 0);
  } catch (cause) {
    // EPERM: it lives, and belongs to somebody else.
    return cause instanceof Error && 'code' in cause && cause.code === 'EPERM';
  }
  return startOf(pid) === started;
}

/**
 * When a process started, where the system tells (Linux): a process id is given again after a restart of the
 * machine or container, and the new bearer holds no lock.
 */
function startOf(pid: number): string {
  const boot = readIfPresent('/proc/sys/kernel/random/boot_id');
  const status = readIfPresent(`/proc/${pid}/stat`);
  // Field 22, counted behind the program's name, which may itself hold blanks and brackets (proc(5)).
  const ticks = status?.slice(status.lastIndexOf(')') + 2).split(' ')[19];
  return boot === undefined || ticks === undefined ? '' : `${boot.trim()} ${ticks}`;
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, started }: { pid?: unknown; started?: unknown } = JSON.parse(text);
    return Number.isInteger(pid) && typeof pid === 'number' && typeof started === 'string'
      ? { pid, started }
      : undefined;
  } catch {
    return undefined;
  }
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function inUse(folder: string, pid: number | undefined): Error {
  const holder =
    pid === undefined ? 'another process' : pid === process.pid ? 'this process' : `process ${pid}`;
  return new Error(`${folder} is in use by ${holder}. Stop that one first.`);
}
