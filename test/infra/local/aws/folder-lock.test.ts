/** The lock of a data folder: one live process holds it, a dead one does not. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lockFolder } from '../../../../infra/local/aws/folder-lock.ts';
import { temporaryFolder } from './aws-fixture.ts';

const modulePath = join(import.meta.dirname, '../../../../infra/local/aws/folder-lock.ts');

/** Another process that holds the folder until it is killed. */
async function holderOf(folder: string) {
  const program = `
    const { lockFolder } = await import(${JSON.stringify(modulePath)});
    lockFolder(${JSON.stringify(folder)});
    console.log('held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

test('a folder held by another live process is refused, and its holder named', async () => {
  const folder = await temporaryFolder();
  const holder = await holderOf(folder);

  const act = () => lockFolder(folder);

  // Nothing else is advised: `npm start` has one folder and takes no other.
  expect(act).toThrow(new Error(`${folder} is in use by process ${holder.pid}. Stop that one first.`));
});

test('the lock of a killed process is taken over', async () => {
  const folder = await temporaryFolder();
  const holder = await holderOf(folder);
  holder.kill('SIGKILL');
  await once(holder, 'exit');

  const lock = lockFolder(folder);

  expect(readFileSync(join(folder, 'lock'), 'utf8')).toContain(`"pid":${process.pid},`);
  lock.release();
});

test.each([
  [
    'a process id that was given again',
    JSON.stringify({ pid: process.ppid, started: 'before the last restart' }),
  ],
  ['this process id, from an earlier life', JSON.stringify({ pid: process.pid, started: '' })],
  ['an unreadable holder', 'nonsense'],
])('a lock that names %s is taken over', async (_what, content) => {
  const folder = await temporaryFolder();
  writeFileSync(join(folder, 'lock'), content);

  const lock = lockFolder(folder);

  expect(existsSync(join(folder, 'lock'))).toBe(true);
  lock.release();
});

test('a released folder can be locked again, and a second release harms no later holder', async () => {
  const folder = await temporaryFolder();
  const first = lockFolder(folder);
  first.release();
  const second = lockFolder(folder);

  first.release();

  expect(() => lockFolder(folder)).toThrow('is in use by this process');
  second.release();
});

test('a folder that does not exist is made for its owner only', async () => {
  const folder = join(await temporaryFolder(), 'deep', 'data');

  const lock = lockFolder(folder);
  const { mode } = statSync(folder);
  lock.release();

  expect(mode & 0o777).toBe(0o700);
  expect(existsSync(join(folder, 'lock'))).toBe(false);
});
