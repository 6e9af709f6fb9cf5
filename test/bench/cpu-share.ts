/**
 * A share of one CPU for a process, as Lambda gives it by memory size, by a quota of the kernel's scheduler. It takes
 * the right to make control groups, as root has it on most machines.
 */
import { access, mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface CpuShare {
  /** Puts a running process, with all its threads, under the quota. */
  take(processId: number): Promise<void>;
  /** After the last process has ended. */
  close(): Promise<void>;
}

/** Short, so that it matters little at which point of a period a request begins. */
const periodMicroseconds = 20_000;
const mounts = { first: '/sys/fs/cgroup/cpu', second: '/sys/fs/cgroup' };

/**
 * Only the quota is to hold a process back, not what else runs here: so within it, the group goes first.
 * @returns nothing where this machine does not allow it.
 */
export async function openCpuShare(share: number): Promise<CpuShare | undefined> {
  const quota = Math.round(share * periodMicroseconds);
  try {
    return (await hasSecondVersion())
      ? await open(mounts.second, {
          'cpu.max': `${quota} ${periodMicroseconds}`,
          'cpu.weight': '10000',
        })
      : await open(mounts.first, {
          'cpu.cfs_period_us': String(periodMicroseconds),
          'cpu.cfs_quota_us': String(quota),
          'cpu.shares': '262144',
        });
  } catch {
    return undefined;
  }
}

async function open(mount: string, settings: Readonly<Record<string, string>>): Promise<CpuShare> {
  // Never makes up a folder where no control groups are mounted.
  await access(join(mount, 'cgroup.procs'));
  const group = join(mount, `hawser-bench-${process.pid}`);
  await mkdir(group);
  try {
    for (const [name, value] of Object.entries(settings)) await writeFile(join(group, name), value);
  } catch (error) {
    await rmdir(group);
    throw error;
  }
  return {
    take: (processId) => writeFile(join(group, 'cgroup.procs'), String(processId)),
    close: () => remove(group),
  };
}

async function hasSecondVersion(): Promise<boolean> {
  try {
    const granted = await readFile(join(mounts.second, 'cgroup.subtree_control'), 'utf8');
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
