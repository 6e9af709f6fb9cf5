/**
 * Keeps a data folder to one process at a time, so that two of them never write over each other.
 * The operating system holds the lock on an open file: it frees the lock of a process that dies, whatever killed it.
 */
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { tryLock } from 'fs-native-extensions';

export interface FolderLock {
  /** Unlocks the folder. A second call does nothing. */
  release(): void;
}

/**
 * Creates the folder where it is missing, readable by its owner only.
 * @throws when another live process, or this one, holds it already.
 */
export function lockFolder(folder: string): FolderLock {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(realpathSync(folder), 'lock');
  const fd = openSync(path, 'a+', 0o600);
  if (!tryLock(fd)) {
    closeSync(fd);
    throw inUse(folder, readHolder(path));
  }
  if (!isStillAt(path, fd)) {
    // A holder released between the two calls and removed the file opened here, which locks nothing any more.
    closeSync(fd);
    return lockFolder(folder);
  }
  ftruncateSync(fd);
  writeSync(fd, JSON.stringify({ pid: process.pid, since: new Date().toISOString() }));
  let held = true;
  return {
    release() {
      if (!held) return;
      held = false;
      // Removed while still locked, so that no later holder's file is meant.
      rmSync(path, { force: true });
      closeSync(fd);
    },
  };
}

function isStillAt(path: string, fd: number): boolean {
  return statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino;
}

/** The process id that the holder wrote; undefined while it is about to write, or has just released. */
function readHolder(path: string): number | undefined {
  try {
    const { pid }: { pid?: unknown } = JSON.parse(readFileSync(path, 'utf8'));
    return typeof pid === 'number' ? pid : undefined;
  } catch {
    return undefined;
  }
}

function inUse(folder: string, pid: number | undefined): Error {
  const holder =
    pid === undefined ? 'another process' : pid === process.pid ? 'this process' : `process ${pid}`;
  return new Error(`${folder} is in use by ${holder}. Stop that one first.`);
}
