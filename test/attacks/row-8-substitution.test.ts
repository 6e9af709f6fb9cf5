import { afterAll, beforeEach, describe, expect } from 'vitest';
import type { StackFixtures } from '../support/fixtures/stack.ts';
import { it } from '../support/fixtures/stack.ts';
import { accountOf, completionOf, connectAccount, reachReturn } from '../support/stack/flow-steps.ts';
import type { RawItem } from '../support/stack/raw-tables.ts';
import type { TestStack, TestTenant } from '../support/stack/test-stack.ts';
import { connectOwn, registerAt, returnOwn, startOwn } from './own-flow.ts';
import { type Bend, foreignKey, type OwnedServer, startOwnedServer } from './owned-server.ts';

let server: OwnedServer;

const tiktok = (stack: TestStack) => stack.local.platforms.sandboxes.tiktok;

it.beforeAll(async ({ stack }) => {
  server = await startOwnedServer();
  stack.local.insecureOrigins.push(server.origin);
});
afterAll(() => server.close());
beforeEach(() => {
  server.bendTo({});
});

describe('sealed credentials', () => {
  /** The sealed fields of a record, as bytes. */
  const sealedOf = (record: RawItem) =>
    Object.fromEntries(Object.entries(record['sealed']?.M ?? {}).map(([field, value]) => [field, value.B]));

  async function twoConnections({ stack, tenant }: StackFixtures, other: TestTenant) {
    const { connection: mine } = await connectAccount(stack, {
      user: tenant.user('ada'),
      provider: 'tiktok',
      visit: { account: 'mira' },
    });
    const { connection: theirs } = await connectAccount(stack, {
      user: other.user('bo'),
      provider: 'tiktok',
      visit: { account: 'jose' },
    });
    const records = await Promise.all([mine, theirs].map(({ id }) => stack.tables.connection(id)));
    const [myRecord, theirRecord] = records;
    if (!myRecord || !theirRecord) throw new Error('A record is missing.');
    return { mine, myRecord, theirRecord };
  }

  it.for(['of another tenant', 'of another user'])(
    'row 8: do not open when moved to a record %s',
    async (whose, { stack, tenant }) => {
      const other = whose === 'of another tenant' ? await stack.newTenant() : tenant;
      const { mine, myRecord, theirRecord } = await twoConnections({ stack, tenant }, other);
      const account = accountOf(tenant.user('ada'), mine);
      await tenant.client.ok('getToken', account);

      await stack.tables.change('connections', myRecord, { sealed: sealedOf(theirRecord) });
      const token = await tenant.client.fails('getToken', account);
      const refresh = await tenant.client.fails('refreshToken', account);

      expect([token.code, refresh.code]).toEqual(['VAULT_ERROR', 'VAULT_ERROR']);
    },
  );

  it('row 8: do not open when moved to another field', async ({ stack, tenant }) => {
    const { mine, myRecord } = await twoConnections({ stack, tenant }, tenant);
    const { refreshToken } = sealedOf(myRecord);
    const account = accountOf(tenant.user('ada'), mine);

    await stack.tables.change('connections', myRecord, {
      sealed: { accessToken: refreshToken, refreshToken },
    });
    const token = await tenant.client.fails('getToken', account);

    expect(token.code).toBe('VAULT_ERROR');
  });

  it('row 8: of one flow do not open when moved to another flow', async ({ stack, tenant }) => {
    const [mine, theirs] = [tenant.user('ada'), tenant.user('bo')];
    const victims = await reachReturn(stack, { user: mine, provider: 'tiktok' });
    const attackers = await reachReturn(stack, { user: theirs, provider: 'tiktok' });
    const held = await stack.tables.flow(victims.flowId);
    await stack.tables.change('activity', await stack.tables.flow(attackers.flowId), {
      sealedCode: held['sealedCode']?.B,
    });

    const refusal = await tenant.client.fails('complete', { body: completionOf(theirs, attackers.returned) });

    expect(refusal.code).toBe('VAULT_ERROR');
    expect(tiktok(stack).calls().calls.token).toBe(0);
  });
});

it('row 8: complete refuses a profile of a different person than the token’s and revokes the token', async ({
  stack,
  tenant,
}) => {
  const user = tenant.user('ada');
  const { returned } = await reachReturn(stack, { user, provider: 'tiktok' });
  const other = { data: { user: { open_id: 'somebody-else' } }, error: { code: 'ok' } };
  tiktok(stack).control({
    command: 'inject',
    endpoint: 'profile',
    calls: 1,
    fault: { kind: 'status', status: 200, body: 'json', json: other },
  });

  const refusal = await tenant.client.fails('complete', { body: completionOf(user, returned) });
  const { connections } = await tenant.client.ok('status');

  expect(refusal).toMatchObject({ code: 'OAUTH_CALLBACK_ERROR', details: { reason: 'subject_mismatch' } });
  expect(connections).toEqual([]);
  expect(tiktok(stack).calls().calls.revoke).toBe(1);
});

it('row 8: a refresh that returns another account’s tokens changes nothing', async ({ stack, tenant }) => {
  const user = tenant.user('ada');
  const { connection } = await connectAccount(stack, { user, provider: 'tiktok' });
  const before = await stack.tables.connection(connection.id);
  const json = { access_token: 'act.s4ndb0x-foreign', expires_in: 7200, open_id: 'somebody-else' };
  tiktok(stack).control({
    command: 'inject',
    endpoint: 'token',
    calls: 1,
    fault: { kind: 'status', status: 200, body: 'json', json },
  });

  const refusal = await tenant.client.fails('refreshToken', accountOf(user, connection));
  const after = await stack.tables.connection(connection.id);

  expect(refusal.code).toBe('TOKEN_REFRESH_ERROR');
  expect(after['sealed']).toEqual(before['sealed']);
});

it('row 8: a reconnect accepts only the account it was started for', async ({ stack, tenant }) => {
  const user = tenant.user('ada');
  const { connection } = await connectAccount(stack, {
    user,
    provider: 'tiktok',
    visit: { account: 'mira' },
  });
  const { returned } = await reachReturn(stack, {
    user,
    provider: 'tiktok',
    visit: { account: 'jose' },
    body: { reconnect: connection.accountId },
  });

  const refusal = await tenant.client.fails('complete', { body: completionOf(user, returned) });

  expect(refusal.code).toBe('ACCOUNT_MISMATCH');
});

describe('an ID token', () => {
  const past = Math.floor(Date.now() / 1000) - 3_600;

  it('row 8: that is valid connects the account', async ({ stack, tenant }) => {
    await registerAt(stack, tenant, server);

    const { connection } = await connectOwn(stack, tenant.user('ada'), server);

    expect(connection.displayName).toBe('Owned Person');
  });

  it.for<[string, Bend]>([
    ['signed by another key', { signedBy: foreignKey }],
    ['of another issuer', { claims: { iss: 'https://evil.example' } }],
    ['for another client', { claims: { aud: 'another-client' } }],
    ['for several clients without an authorized party', { claims: { aud: ['client', 'another-client'] } }],
    ['with another authorized party', { claims: { azp: 'another-client' } }],
    ['of another flow', { claims: { nonce: 'A'.repeat(43) } }],
    ['without a nonce', { claims: { nonce: undefined } }],
    ['that has expired', { claims: { iat: past, exp: past + 300 } }],
    ['without an expiry', { claims: { exp: undefined } }],
    ['of another person than the profile', { claims: { sub: 'somebody-else' } }],
    ['that is missing', { answer: { id_token: undefined } }],
    ['that is unsigned', { answer: { id_token: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.' } }],
  ])('row 8: %s connects no account', async ([_name, bend], { stack, tenant }) => {
    await registerAt(stack, tenant, server);
    const own = await startOwn(stack, tenant.user('ada'));
    const returned = await returnOwn(own, server);
    server.bendTo(bend);

    const refusal = await tenant.client.fails('complete', { body: completionOf(own.user, returned) });
    const { connections } = await tenant.client.ok('status');

    expect(refusal.code).toBe('OAUTH_CALLBACK_ERROR');
    expect(connections).toEqual([]);
  });
});
