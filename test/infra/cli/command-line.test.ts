import { describe, expect, it } from 'vitest';
import { openFolder, runIn } from '../../support/cli/cli-fixture.ts';

async function hawser(...argv: readonly string[]) {
  using place = openFolder();
  return runIn(place.folder, argv);
}

describe('the command line', () => {
  it('shows every command under help, on standard output', async () => {
    const { code, stdout, stderr } = await hawser('help');

    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const noun of [
      'tenant',
      'key',
      'return-url',
      'app',
      'connections',
      'users',
      'jobs',
      'provider',
      'dlq',
      'setup',
      'rotate',
    ]) {
      expect(stdout).toMatch(new RegExp(`^ {2}${noun}\\b`, 'm'));
    }
  });

  it('shows the commands of one noun under its help, without any target', async () => {
    const [long, short, word] = [
      await hawser('key', '--help'),
      await hawser('key', 'create', '-h'),
      await hawser('help', 'key'),
    ];

    expect(long).toMatchObject({ code: 0, stderr: '' });
    expect(long.stdout).toContain('key revoke TENANT KEY_ID');
    expect(long.stdout).not.toContain('tenant create');
    expect(short.stdout).not.toContain('key revoke');
    expect(word.stdout).toBe(long.stdout);
  });

  it('lists what each option of a command means in the help of that command', async () => {
    const { code, stdout } = await hawser('--help', 'app', 'set');

    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}--client-id ID +\S/m);
    expect(stdout).toMatch(/^ {2}--outputs FILE +\S/m);
    expect(stdout).not.toContain('app remove');
  });

  it.each([
    [['tenants'], 'Did you mean tenant?'],
    [['key', 'creat', 'bakery'], 'Did you mean create?'],
    [['tenant', 'create', 'a', '--nmae', 'x'], 'Did you mean --name?'],
    [['tenant', 'list', '--jsn'], 'Did you mean --json?'],
  ])('suggests the nearest name for a mistyped one: %j', async (argv, suggestion) => {
    const { code, stderr } = await hawser(...argv);

    expect(code).toBe(2);
    expect(stderr).toContain(suggestion);
  });

  it.each([
    [['s4ndb0x']],
    [['tenant', 's4ndb0x']],
    [['setup', 's4ndb0x']],
    [['tenant', 'set', 'a', '--direct', 's4ndb0x']],
    [['app', 'set', 'tiktok', '--setting', 's4ndb0x']],
    [['app', 'set', 'tiktok', '--client-secret=s4ndb0x']],
  ])('never repeats a value that it refuses, which could be a secret: %j', async (argv) => {
    const { code, stdout, stderr } = await hawser(...argv);

    expect(code).toBe(2);
    expect(stdout + stderr).not.toContain('s4ndb0x');
  });

  it.each([
    [[], 'Say what to do.'],
    [['tenants'], 'There is no such command.'],
    [['tenant'], 'Say what to do with tenant.'],
    [['tenant', 'paint'], 'There is no such command for tenant.'],
    [['tenant', 'create'], 'ID is missing.'],
    [['key', 'revoke', 'bakery'], 'KEY_ID is missing.'],
    [['tenant', 'create', 'a', 'b'], 'There are more arguments'],
    [['dlq', 'list', 'refresh', 'b'], 'There are more arguments'],
    [['dlq', 'replay'], 'QUEUE is missing.'],
    [['tenant', 'create', 'a', '--colour', 'red'], "Unknown option '--colour'"],
    [['tenant', 'list', '--name', 'x'], 'This command does not take --name.'],
    [['tenant', 'create', 'a', '--name'], "'--name"],
    [['tenant', 'list', '--local', '--outputs', 'x'], 'Give one of them.'],
  ])('refuses %j with the usage and exit code 2', async (argv, sentence) => {
    const { code, stdout, stderr } = await hawser(...argv);

    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(sentence);
    expect(stderr).toContain('Usage:\n  hawser ');
  });
});
