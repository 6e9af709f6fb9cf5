/** A sandbox platform with a state file remembers its users across restarts, and keeps its secrets to itself. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startReddit } from '../../../../infra/local/platforms/reddit/reddit.ts';
import { startTikTok } from '../../../../infra/local/platforms/tiktok/tiktok.ts';
import type { Fault } from '../../../../infra/local/sandbox/control/control.ts';
import type { Sandbox } from '../../../../infra/local/sandbox/sandbox.ts';
import {
  call,
  client,
  connectTikTok,
  otherClient,
  redirectUri,
  testClock,
  textOf,
  tiktokCode,
  tiktokToken,
  tiktokUrl,
  tiktokUser,
} from './platform-calls.ts';

let folder: string;
let stateFile: string;
const running: Sandbox[] = [];
const { now } = testClock();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandbox-platform-'));
  stateFile = join(folder, 'platforms', 'tiktok.json');
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((sandbox) => sandbox.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function start(file: string | undefined): Promise<Sandbox> {
  const sandbox = await startTikTok({
    clients: [client],
    now,
    ...(file !== undefined && { stateFile: file }),
  });
  running.push(sandbox);
  return sandbox;
}

test('keeps tokens, unspent codes, spent refresh tokens and added clients', async () => {
  const before = await start(stateFile);
  before.addClient(otherClient);
  const body = await connectTikTok(before);
  const fields = { grant_type: 'refresh_token', refresh_token: textOf(body, 'refresh_token') };
  const refreshed = await tiktokToken(before, fields);
  const code = await tiktokCode(before);
  await before.close();

  const after = await start(stateFile);
  const profile = await tiktokUser(after, textOf(refreshed.body, 'access_token'), 'open_id');
  const redeemed = await tiktokToken(after, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
  });
  const reused = await tiktokToken(after, fields);
  const added = await call(tiktokUrl(after, { client_key: otherClient.clientId }));

  expect([profile.status, redeemed.status, added.status]).toEqual([200, 200, 200]);
  expect(reused.body['error']).toBe('invalid_grant');
  expect(after.calls().refreshTokenReuses).toBe(1);
});

test('takes a client given at the start over one added under the same id before', async () => {
  const before = await start(stateFile);
  before.addClient({ ...client, clientSecret: 's4ndb0x-outdated' });
  await before.close();

  const after = await start(stateFile);

  expect(await connectTikTok(after)).toHaveProperty('access_token');
});

test('writes the state for its owner alone', async () => {
  await connectTikTok(await start(stateFile));

  expect(statSync(stateFile).mode & 0o777).toBe(0o600);
});

test('forgets everything without a state file', async () => {
  const before = await start(undefined);
  const body = await connectTikTok(before);

  const after = await start(undefined);
  const profile = await tiktokUser(after, textOf(body, 'access_token'), 'open_id');

  expect(profile.status).toBe(401);
});

test('refuses to start from a file that is no state', async () => {
  const file = join(folder, 'broken.json');
  writeFileSync(file, '{"version":1,');

  await expect(start(file)).rejects.toThrow('is not the state of a sandbox platform');
});

test('says so when its port is taken', async () => {
  const first = await start(undefined);
  const taken = Number(new URL(first.origin).port);

  await expect(startReddit({ clients: [client], now, apiPort: taken })).rejects.toThrow('EADDRINUSE');
});

test.each<Fault>([
  { kind: 'hold_answer' },
  { kind: 'hold_answer', milliseconds: 60_000 },
  { kind: 'delay', milliseconds: 60_000 },
])('closes at once although an answer is still held: %o', async (fault) => {
  const sandbox = await start(undefined);
  sandbox.control({ command: 'inject', endpoint: 'token', calls: 1, fault });
  const held = tiktokToken(sandbox, { grant_type: 'refresh_token' }).catch(() => 'cut');
  await expect.poll(() => sandbox.calls().tokenCallsInFlight).toBe(1);

  await sandbox.close();

  expect(await held).toBe('cut');
});
