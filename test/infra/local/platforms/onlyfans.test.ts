/** The OnlyFans sandbox keeps to what clients report of the site; each promise names the trap it holds for a client. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { startOnlyFans } from '../../../../infra/local/platforms/onlyfans/onlyfans.ts';
import { signatureOf } from '../../../../infra/local/platforms/onlyfans/signing.ts';
import type { Sandbox } from '../../../../infra/local/sandbox/sandbox.ts';
import { type Answer, call, postForm, testClock } from './platform-calls.ts';

let sandbox: Sandbox;
let clock: ReturnType<typeof testClock>;

beforeEach(async () => {
  clock = testClock();
  sandbox = await startOnlyFans({ clients: [], now: clock.now });
});
afterEach(() => sandbox.close());

type Values = Readonly<Record<string, string>>;

async function logIn(account = 'nora', at = sandbox): Promise<Values> {
  const answer = await postForm(`${at.origin}/log-in`, { account }, { accept: 'application/json' });
  const { credentials } = JSON.parse(answer.text) as { credentials: Values };
  return credentials;
}

async function sign(userId: string, changes: object = {}): Promise<Answer> {
  const body = JSON.stringify({ method: 'GET', path: '/api2/v2/users/me', userId, ...changes });
  return call(`${sandbox.origin}/signer`, { method: 'POST', body });
}

/** Asks as the browser would; headers can be changed, or left out with an empty text. */
async function usersMe(values: Values, changes: Values = {}, at = sandbox): Promise<Answer> {
  const id = values['auth_id'] ?? '';
  const signed = (await sign(id)).body['headers'] as Values;
  const uid = values['auth_uid'] === undefined ? '' : `; auth_uid_${id}=${values['auth_uid']}`;
  const headers = {
    ...signed,
    'user-id': id,
    'x-bc': values['x_bc'] ?? '',
    'user-agent': values['user_agent'] ?? '',
    cookie: `sess=${values['sess']}; auth_id=${id}${uid}`,
    ...changes,
  };
  const sent = Object.entries(headers).filter(([, value]) => value !== '');
  return call(`${at.origin}/api2/v2/users/me`, { headers: Object.fromEntries(sent) });
}

const modes = (changes: Readonly<Record<string, string | number>>) =>
  expect(sandbox.control({ command: 'set_modes', modes: changes })).toMatchObject({ ok: true });
const refusal = (message: string, status = 401) => ({ status, body: { error: { code: 401, message } } });

describe('a session', () => {
  test('is known by its cookies, headers and signature, and tells more than a client may keep', async () => {
    const values = await logIn();

    const { status, body } = await usersMe(values);

    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: 123_456_789,
      username: 'noravale',
      name: 'Nora Vale',
      isPerformer: true,
    });
    expect(body['wsAuthToken']).toContain('s4ndb0x');
    expect(body['email']).toContain('@');
  });

  test.each([
    ['User-Agent', { 'user-agent': 'Mozilla/5.0 EXAMPLE' }, 'Please refresh the page'],
    ['browser token', { 'x-bc': '0123456789abcdef0123456789abcdef01234567' }, 'Something went wrong. [2001]'],
    ['missing browser token', { 'x-bc': '' }, 'Something went wrong. [2001]'],
    ['signature', { sign: '99999:0:0:deadbeef' }, 'Please refresh the page'],
    ['time', { time: '1763600000001' }, 'Please refresh the page'],
  ])('is ended by a wrong %s, so that a right call afterwards fails too', async (_what, changes, message) => {
    const values = await logIn();
    const other = await logIn();

    const wrong = await usersMe(values, changes);
    const right = await usersMe(values);

    expect(wrong).toMatchObject(refusal(message));
    expect(wrong.headers.get('set-cookie')).toMatch(/^sess=s4ndb0x/);
    expect(right).toMatchObject(refusal('Access denied.'));
    expect((await usersMe(other)).status).toBe(200);
  });

  test.each([
    ['application token', { 'app-token': '' }, 'Application token is required.'],
    ['user id', { 'user-id': '20406080' }, 'Wrong user.'],
    ['session cookie', { cookie: 'auth_id=123456789' }, 'Access denied.'],
  ])('is refused and lives on without its %s', async (_what, changes, message) => {
    const values = await logIn();

    expect(await usersMe(values, changes)).toMatchObject(refusal(message));
    expect((await usersMe(values)).status).toBe(200);
  });

  test('ends by the clock, by logging out, and by a change of the password', async () => {
    sandbox.control({ command: 'set_lifetimes', accessTokenSeconds: 60 });
    const [expired, fan] = [await logIn(), await logIn('fan')];
    clock.advanceSeconds(61);
    const loggedOut = await logIn();
    const before = (await usersMe(loggedOut)).status;
    sandbox.control({ command: 'kill_grants', account: 'nora' });

    expect(before).toBe(200);
    for (const values of [expired, fan, loggedOut]) {
      expect(await usersMe(values)).toMatchObject(refusal('Access denied.'));
    }
  });

  test('with a second step needs the cookie that the step left', async () => {
    const values = await logIn('guarded');
    const { auth_uid, ...without } = values;

    expect(auth_uid).toContain('s4ndb0x');
    expect(await usersMe(without)).toMatchObject(refusal('2FA verification is required.'));
    expect((await usersMe(values)).status).toBe(200);
  });

  test('may be offered another sess, beside which the old one stays good', async () => {
    const values = await logIn();
    modes({ newSess: 'offered' });

    const offered = (await usersMe(values)).headers.get('set-cookie') ?? '';

    const sess = /^sess=([^;]+)/.exec(offered)?.[1] ?? '';
    expect(sess).not.toBe(values['sess']);
    expect((await usersMe({ ...values, sess })).status).toBe(200);
    expect((await usersMe(values)).status).toBe(200);
  });

  test('outlives a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hawser-onlyfans-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const options = { clients: [], now: clock.now, stateFile: join(folder, 'state.json') };
    const first = await startOnlyFans(options);
    const values = await logIn('guarded', first);
    await first.close();
    const second = await startOnlyFans(options);
    onTestFinished(() => second.close());

    expect((await usersMe(values, {}, second)).status).toBe(200);
  });
});

describe('a refusal', () => {
  test.each([400, 401])('has a code of its own under %i', async (refusalStatus) => {
    modes({ refusalStatus, refusalCode: 401, endedSession: 'Please refresh the page' });

    const answer = await usersMe({ ...(await logIn()), sess: 's4ndb0xnobody' });

    expect(answer).toMatchObject(refusal('Please refresh the page', refusalStatus));
  });

  test('of the edge is a page', async () => {
    const values = await logIn();
    modes({ edge: 'challenge' });

    const { status, headers } = await usersMe(values);

    expect(status).toBe(403);
    expect(headers.get('content-type')).toContain('text/html');
  });
});

describe('users/me', () => {
  test.each([
    ['other_user', '"id":55500055'],
    ['zero_id', '"id":0'],
    ['no_id', '{"username"'],
    ['list', '[{"id"'],
    ['page', '<!doctype html>'],
  ])('can answer 200 and be no proof of anything: %s', async (profile, text) => {
    const values = await logIn();
    modes({ profile });

    const answer = await usersMe(values);

    expect(answer.status).toBe(200);
    expect(answer.text).toContain(text);
  });

  test('writes an id beyond safe integers as a number, and names as they are', async () => {
    const { text } = await usersMe(await logIn('huge'));

    expect(text).toContain('"id":98765432109876543210,');
    expect(text).toContain('Zoë Ångström 🌊');
  });

  test('has no avatar, no name and no performer where there is none', async () => {
    const { body } = await usersMe(await logIn('fan'));

    expect(body).toMatchObject({ avatar: null, avatarThumbs: null, name: '', isPerformer: false });
  });
});

describe('the signer', () => {
  test('signs by the vector of the facts', () => {
    const signed = { time: '1763600000000', path: '/api2/v2/users/me', userId: '123456789' };

    expect(signatureOf(signed, 1)).toBe('99999:32b84e6cec2140900ead6341c9006ab186c7419c:235:deadbeef');
    expect(signatureOf(signed, 2)).not.toContain('32b84e6c');
  });

  test('signs for the time it is given, or for its own', async () => {
    const given = await sign('123456789', { time: '1763600000000' });
    const own = await sign('123456789');

    expect(given.body['headers']).toMatchObject({
      sign: '99999:32b84e6cec2140900ead6341c9006ab186c7419c:235:deadbeef',
      time: '1763600000000',
    });
    expect(own.body).toMatchObject({ headers: { time: String(clock.now()) }, healthy: true });
  });

  test('takes nothing of a session', async () => {
    expect((await sign('123456789', { sess: 's4ndb0x' })).status).toBe(400);
    expect((await sign('123456789', { cookie: 'sess=s4ndb0x' })).status).toBe(400);
  });

  test('whose rules were rotated away ends sessions, and says so only where it knows', async () => {
    const values = await logIn();
    modes({ siteRules: 2 });
    const told = await sign('123456789');
    modes({ signerHealth: 'absent' });
    const pendingEvent = await sign('123456789');

    expect(told.body['healthy']).toBe(false);
    expect(pendingEvent.body).not.toHaveProperty('healthy');
    expect(await usersMe(values)).toMatchObject(refusal('Please refresh the page'));
    modes({ signerRules: 2 });
    expect(await usersMe(values)).toMatchObject(refusal('Access denied.'));
    expect((await usersMe(await logIn())).status).toBe(200);
  });

  test('does not matter while signatures are not checked', async () => {
    modes({ signature: 'ignored' });

    expect((await usersMe(await logIn(), { sign: '', time: '' })).status).toBe(200);
  });
});

describe('the page', () => {
  test('offers each account and shows the values of the session it begins', async () => {
    const page = await call(`${sandbox.origin}/`);
    const shown = await postForm(`${sandbox.origin}/log-in`, { account: 'guarded' });

    expect(page.text).toContain('value="nora"');
    expect(page.text).not.toContain('s4ndb0x');
    expect(shown.status).toBe(200);
    expect(shown.headers.get('cache-control')).toBe('no-store');
    const values = Object.fromEntries(
      [...shown.text.matchAll(/<dt>(\w+)<\/dt><dd><code>([^<]+)</g)].map(([, name, value]) => [name, value]),
    );
    expect(Object.keys(values)).toEqual(['auth_id', 'sess', 'x_bc', 'user_agent', 'auth_uid']);
    expect((await usersMe(values)).status).toBe(200);
  });

  test('knows only its own accounts', async () => {
    const forPeople = await postForm(`${sandbox.origin}/log-in`, { account: 'nobody' });
    const forPrograms = await postForm(`${sandbox.origin}/log-in`, {}, { accept: 'application/json' });

    expect([forPeople.status, forPrograms.status]).toEqual([422, 422]);
  });
});
