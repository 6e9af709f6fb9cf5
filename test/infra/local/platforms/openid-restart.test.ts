/** The OpenID sandbox with a state file remembers its users across restarts, and keeps its secrets to itself. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startOpenId } from '../../../../infra/local/platforms/openid/openid.ts';
import type { Sandbox } from '../../../../infra/local/sandbox/sandbox.ts';
import { connectOpenId, openIdLocation, openIdUrl, redeem, refresh, userinfo } from './openid-calls.ts';
import { call, client, otherClient, postForm, testClock, textOf } from './platform-calls.ts';

const running: Sandbox[] = [];
let folder: string;
let stateFile: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandbox-openid-'));
  stateFile = join(folder, 'platforms', 'openid.json');
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((sandbox) => sandbox.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: Partial<Parameters<typeof startOpenId>[0]> = {}): Promise<Sandbox> {
  const sandbox = await startOpenId({ clients: [client], now: testClock().now, ...options });
  running.push(sandbox);
  return sandbox;
}

test('keeps keys, tokens, unspent codes and added clients across a restart', async () => {
  const before = await start({ stateFile });
  before.addClient(otherClient);
  const body = await connectOpenId(before);
  const code = (await openIdLocation(before)).searchParams.get('code') ?? '';
  const keys = await call(`${before.origin}/jwks`);
  await before.close();

  const after = await start({ stateFile });
  const answers = [
    await userinfo(after, textOf(body, 'access_token')),
    await refresh(after, textOf(body, 'refresh_token')),
    await redeem(after, code),
    await call(openIdUrl(after, { client_id: otherClient.clientId })),
  ];

  expect((await call(`${after.origin}/jwks`)).body).toEqual(keys.body);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 303]);
});

test('the OpenID sandbox still recognises a spent refresh token as replayed after a restart', async () => {
  const before = await start({ stateFile });
  const spent = textOf(await connectOpenId(before), 'refresh_token');
  const refreshed = await refresh(before, spent);
  await before.close();

  const after = await start({ stateFile });
  const answers = [
    await refresh(after, spent),
    await refresh(after, textOf(refreshed.body, 'refresh_token')),
  ];

  expect(answers.map(({ body }) => body['error'])).toEqual(['invalid_grant', 'invalid_grant']);
  expect(after.calls().refreshTokenReuses).toBe(1);
});

test('writes a file that its owner alone can read, and forgets what has expired', async () => {
  const clock = testClock();
  const sandbox = await start({ stateFile, now: clock.now });
  const body = await connectOpenId(sandbox);

  clock.advanceSeconds(3_601);
  await refresh(sandbox, textOf(body, 'refresh_token'));

  expect(statSync(stateFile).mode & 0o777).toBe(0o600);
  expect(readFileSync(stateFile, 'utf8')).not.toContain(textOf(body, 'access_token'));
});

test('takes a client given at the start over one added under the same id before', async () => {
  const before = await start({ stateFile });
  before.addClient({ ...client, clientSecret: 's4ndb0x-outdated' });
  await before.close();

  const after = await start({ stateFile });

  expect(await connectOpenId(after)).toHaveProperty('access_token');
});

test('refuses a damaged file and leaves it as it is', async () => {
  const damaged = join(folder, 'damaged.json');
  writeFileSync(damaged, '{"version":1}');

  await expect(start({ stateFile: damaged })).rejects.toThrow('Delete it to start afresh');
  expect(readFileSync(damaged, 'utf8')).toBe('{"version":1}');
});

test('remembers nothing without a file', async () => {
  const before = await start();
  const body = await connectOpenId(before);
  await before.close();

  const after = await start();

  expect((await userinfo(after, textOf(body, 'access_token'))).status).toBe(401);
});

test('takes a decision on a page that was opened before the restart', async () => {
  const before = await start({ stateFile });
  const shown = await call(openIdUrl(before));
  await before.close();

  const after = await start({ stateFile });
  const decided = await postForm(
    after.origin + shown.headers.get('location'),
    { decision: 'approve', account: 'ines', scope: 'openid' },
    {
      cookie: shown.headers
        .getSetCookie()
        .map((written) => written.split(';')[0])
        .join('; '),
    },
  );

  expect(decided.status).toBe(303);
});
