/** The life of a lent OnlyFans session: the sweep probes it now and then, and no part of it leaks. Over HTTP against the whole stack. */
import { describe, expect, it } from 'vitest';
import { userAgent } from '../../infra/local/platforms/onlyfans/session.ts';
import { accountOf } from '../support/stack/flow-steps.ts';
import { openFixture, params, type Values } from './onlyfans-fixture.ts';

const { stack, tenant, sandbox, modes, inject, calls, logIn, connect, statusOf, sweep } = openFixture();

describe('the sweep of OnlyFans sessions', () => {
  it('probes a live session once and leaves it unchanged', async () => {
    const user = tenant().user('ada');
    const connection = await connect(user, await logIn());
    modes({ newSess: 'offered' });

    await sweep(connection);

    await expect.poll(calls).toEqual({ platform: 2, signer: 2 });
    expect(await statusOf(user)).toMatchObject({ status: 'active' });
  });

  it('detects an ended session, and its user can reconnect', async () => {
    const user = tenant().user('ada');
    const connection = await connect(user, await logIn());
    sandbox().control({ command: 'kill_grants', account: 'nora' });

    await sweep(connection);

    await expect.poll(async () => (await statusOf(user))?.status).toBe('reconnect_required');
    const dead = await statusOf(user);
    const token = await tenant().client.fails('getToken', accountOf(user, connection));
    const asked = calls();
    const back = await connect(user, await logIn(), { reconnect: connection.accountId });
    expect(dead?.statusReason).toBe('access_denied');
    expect(token.code).toBe('TOKEN_EXPIRED');
    expect(asked).toEqual({ platform: 2, signer: 2 });
    expect(back).toMatchObject({ id: connection.id, status: 'active' });
  });

  it.each<[string, () => void]>([
    ['a block', () => modes({ edge: 'challenge' })],
    ['a signer that fails', () => inject('token', { kind: 'status', status: 500, body: 'json' })],
    ['a platform that is down', () => inject('profile', { kind: 'status', status: 503, body: 'html' })],
  ])('does not end a session because of %s', async (_name, arrange) => {
    const user = tenant().user('ada');
    const connection = await connect(user, await logIn());
    arrange();

    await sweep(connection);

    await expect.poll(() => calls().signer).toBe(2);
    const token = await tenant().client.ok('getToken', accountOf(user, connection));
    expect(await statusOf(user)).toMatchObject({ status: 'active' });
    expect(token.tokenType).toBe('Session');
  });
});

describe('row 19: no part of a session', () => {
  it('appears in a log, an error, a response or a table, except in the response of the token route', async () => {
    const user = tenant().user('ada');
    const credentials = await logIn('guarded');
    const given = { ...credentials, cookies: 'fp=s4ndb0xfingerprint' };
    const answers: string[] = [];
    const send = async (...request: Parameters<typeof user.client.send>) => {
      const { text, headers } = await user.client.send(...request);
      answers.push(text, JSON.stringify([...headers]));
    };
    const connecting = (changes: Values) =>
      send('connect', { params, body: { ...user.named, credentials: { ...given, ...changes } } });
    stack().output.length = 0;

    await connecting({});
    const connection = await statusOf(user);
    if (connection === undefined) throw new Error('Nothing was connected.');
    const token = await tenant().client.ok('getToken', accountOf(user, connection));
    await connecting({ sess: 's4ndb0x\r\n' });
    await connecting({ password: 's4ndb0x' });
    await connecting({ x_bc: 's4ndb0x-wrong-but-long-enough' });
    inject('token', { kind: 'garbage_body' });
    await connecting({});
    inject('profile', { kind: 'status', status: 401, body: 'json', json: { error: { message: 's4ndb0x' } } });
    await connecting({});
    stack().fault = () => ({ error: 'InternalServerError', status: 500 });
    await connecting({}).catch(() => undefined);
    stack().fault = undefined;
    await sweep(connection);
    await send('status', { query: { ...user.named } });
    await send('refreshToken', accountOf(user, connection));
    const rows = [...(await stack().tables.scan('connections')), ...(await stack().tables.scan('activity'))];
    await send('disconnect', accountOf(user, connection));

    expect(token.accessToken).toContain('s4ndb0xfingerprint');
    const stored = rows.flatMap((row) => [
      JSON.stringify(row),
      ...bytesIn(row).map((bytes) => Buffer.from(bytes).toString('latin1')),
    ]);
    expect(stored.some((text) => text.includes('31415926'))).toBe(true);
    expect(stack().output.length).toBeGreaterThan(5);
    for (const text of [...answers, ...stack().output, ...stored]) {
      for (const secret of ['s4ndb0x', userAgent]) {
        expect(text.includes(secret), `${secret.slice(0, 7)} stands in ${text.slice(0, 200)}`).toBe(false);
      }
    }
  });
});

/** Every binary value in an item, at any depth. */
function bytesIn(value: unknown): readonly Uint8Array[] {
  if (value instanceof Uint8Array) return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(bytesIn) : [];
}
