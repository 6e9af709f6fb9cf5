/**
 * A share of one CPU for a process, as Lambda gives it by memory size, by a quota of the kernel's scheduler. It takes
 * the right to make control groups, as root has it on most machines.
 */
import { access, mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface CpuShare {
  /** Puts a running process, with all its threads, before all others of this machine. */
  take(processId: number): Promise<void>;
  /** From now on what was taken has its share and no more, or as much as it likes. */
  throttle(on: boolean): Promise<void>;
  /** After the last process has ended. */
  close(): Promise<void>;
}

/** The files of a control group, which differ between the two versions that Linux has. */
interface Files {
  readonly mount: string;
  /** A group that comes first is held back by its quota alone, and not by what else happens to run. */
  readonly first: Readonly<Record<string, string>>;
  readonly quota: string;
  readonly limited: string;
  readonly unlimited: string;
}

/** Short, so that it matters little at which point of a period a request begins. */
const periodMicroseconds = 20_000;
const secondVersion = '/sys/fs/cgroup';

/** @returns nothing where this machine does not allow it. */
export async function openCpuShare(share: number): Promise<CpuShare | undefined> {
  try {
    const files = filesFor(Math.round(share * periodMicroseconds), await hasSecondVersion());
    // Never makes up a folder where no control groups are mounted.
    await access(join(files.mount, 'cgroup.procs'));
    const group = join(files.mount, `hawser-bench-${process.pid}`);
    await mkdir(group);
    const write = (name: string, value: string) => writeFile(join(group, name), value);
    const opened: CpuShare = {
      take: (processId) => write('cgroup.procs', String(processId)),
      throttle: (on) => write(files.quota, on ? files.limited : files.unlimited),
      close: () => remove(group),
    };
    return await prepared(opened, () =>
      Promise.all(Object.entries(files.first).map(([name, value]) => write(name, value))),
    );
  } catch {
    return undefined;
  }
}

function filesFor(quotaMicroseconds: number, second: boolean): Files {
  const quota = String(quotaMicroseconds);
  const period = String(periodMicroseconds);
  return second
    ? {
        mount: secondVersion,
        first: { 'cpu.weight': '10000' },
        quota: 'cpu.max',
        limited: `${quota} ${period}`,
        unlimited: `max ${period}`,
      }
    : {
        mount: join(secondVersion, 'cpu'),
        first: { 'cpu.shares': '262144', 'cpu.cfs_period_us': period },
        quota: 'cpu.cfs_quota_us',
        limited: quota,
        unlimited: '-1',
      };
}

async function prepared(share: CpuShare, prepare: () => Promise<unknown>): Promise<CpuShare> {
  try {
    await prepare();
    await share.throttle(true);
    return share;
  } catch (error) {
    await share.close();
    throw error;
  }
}

async function hasSecondVersion(): Promise<boolean> {
  try {
    const granted = await readFile(join(secondVersion, 'cgroup.subtree_control'), 'utf8');
    return granted.split(/\s/).includes('cpu');
  } catch {
    return false;
  }
}

/** The kernel lets go of a group a moment after its last process. */
async function remove(group: string): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    try {
      return await rmdir(group);
    } catch {
      await delay(20);
    }
  }
}
