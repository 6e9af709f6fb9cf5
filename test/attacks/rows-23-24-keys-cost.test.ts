/** Rows 23 and 24 of the attack table: each key serves only its purpose, and invalid requests cost neither a database nor a KMS call. */
import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { describe, expect } from 'vitest';
import { accessKeyIdOf } from '../../infra/local/stack/function-grants.ts';
import { localNames } from '../../infra/local/stack/provision.ts';
import { functions } from '../../infra/topology.ts';
import type { FunctionName } from '../../lib/config.ts';
import { readSealed } from '../../lib/vault/sealed-format.ts';
import { it } from '../support/fixtures/stack.ts';
import { createApiClient } from '../support/stack/api-client.ts';
import { accountOf, begin, connectAccount, reachCallback } from '../support/stack/flow-steps.ts';
import { exchange } from '../support/stack/http-exchange.ts';
import type { TestStack, TestTenant } from '../support/stack/test-stack.ts';

/** The AWS calls that functions have made since this was last called. */
function callsOfFunctions(stack: TestStack): readonly string[] {
  const calls = stack.local.aws
    .calls()
    .filter(({ principal }) => principal.startsWith('LOCAL-'))
    .flatMap(({ principal, action, count }) => Array<string>(count).fill(`${principal} ${action}`));
  stack.local.aws.resetCalls();
  return calls;
}

/** The stack that a request goes to, and the tenant whose key it carries. */
interface Called {
  readonly stack: TestStack;
  readonly tenant: TestTenant;
}

describe('encryption keys', () => {
  const functionNames = Object.keys(functions) as FunctionName[];
  const mayOpen = ['connect', 'callback', 'complete', 'token', 'refresh', 'disconnect', 'refresh-connection'];
  /** Opens what destinations are signed with, and no credentials: not even by claiming the other purpose. */
  const ofDestinations = ['deliver'];

  it('row 23: only functions that seal or open credentials may use the vault’s key, and only for credentials', async ({
    stack,
    tenant,
  }) => {
    const { connection } = await connectAccount(stack, { user: tenant.user('ada'), provider: 'tiktok' });
    const wrapped = (await stack.tables.scan('connections')).find((item) =>
      item['pk']?.S?.startsWith(`tenant-key#${tenant.id}#`),
    );
    const bytes = wrapped?.['wrappedKey']?.B;
    const contextOf = (purpose: string) => ({ tenantId: tenant.id, purpose, version: '1' });

    const outcomes = await Promise.all(
      functionNames.map(async (name) => {
        const kms = new KMSClient({
          endpoint: stack.local.endpoints.kms,
          region: stack.local.aws.region,
          credentials: { accessKeyId: accessKeyIdOf(name), secretAccessKey: 'local' },
        });
        const open = (purpose: string) =>
          kms
            .send(new DecryptCommand({ CiphertextBlob: bytes, EncryptionContext: contextOf(purpose) }))
            .then(() => 'opened')
            .catch((error: Error) => error.name);
        const make = kms
          .send(
            new GenerateDataKeyCommand({
              KeyId: localNames.vaultKeyId,
              KeySpec: 'AES_256',
              EncryptionContext: contextOf('destinations'),
            }),
          )
          .then(() => 'made')
          .catch((error: Error) => error.name);
        return [name, await open('credentials'), await open('destinations'), await make];
      }),
    );

    expect(connection.status).toBe('active');
    expect(outcomes).toEqual(
      functionNames.map((name) => [
        name,
        mayOpen.includes(name) ? 'opened' : 'AccessDeniedException',
        ofDestinations.includes(name) ? 'InvalidCiphertextException' : 'AccessDeniedException',
        'AccessDeniedException',
      ]),
    );
  });

  it('row 23: a new key version still opens stored credentials, and the next refresh seals them with the new version', async ({
    stack,
    tenant,
  }) => {
    const user = tenant.user('ada');
    const { connection } = await connectAccount(stack, { user, provider: 'reddit' });
    const before = await stack.tables.connection(connection.id);

    const version = await stack.local.operator.rotateTenantKey(tenant.id);
    const token = await tenant.client.ok('getToken', accountOf(user, connection));
    await tenant.client.ok('refreshToken', accountOf(user, connection));
    const after = await stack.tables.connection(connection.id);

    const versionOf = (record: typeof after) =>
      readSealed(record['sealed']?.M?.['accessToken']?.B ?? new Uint8Array()).keyVersion;
    expect(version).toBe(2);
    expect(token.accessToken).toContain('s4ndb0x');
    expect([versionOf(before), versionOf(after)]).toEqual([1, 2]);
  });

  it('row 23: every sealed credential has its own salt and IV', async ({ stack, tenant }) => {
    for (const account of ['mira', 'jose', 'sora']) {
      await connectAccount(stack, { user: tenant.user('ada'), provider: 'tiktok', visit: { account } });
    }

    const sealed = (await stack.tables.scan('connections'))
      .flatMap((item) => Object.values(item['sealed']?.M ?? {}))
      .map(({ B }) => B ?? new Uint8Array());

    const parts = sealed.map(readSealed);
    expect(sealed).toHaveLength(6);
    expect(new Set(parts.map(({ salt }) => Buffer.from(salt).toString('hex'))).size).toBe(6);
    expect(new Set(parts.map(({ iv }) => Buffer.from(iv).toString('hex'))).size).toBe(6);
  });

  it('row 23: no response contains a refresh token', async ({ stack, tenant }) => {
    const user = tenant.user('ada');
    const connected = await connectAccount(stack, { user, provider: 'tiktok' });
    const account = accountOf(user, connected.connection);

    const answers = [
      connected,
      await tenant.client.ok('getToken', account),
      await tenant.client.ok('refreshToken', account),
      await tenant.client.ok('status'),
      await tenant.client.ok('disconnect', account),
    ];

    expect(JSON.stringify(answers)).not.toContain('rft.');
    expect(JSON.stringify(answers)).not.toMatch(/refresh_?token"\s*:/i);
  });
});

describe('the cost of a request', () => {
  const json = ['content-type', 'application/json'] as const;
  const key = ({ tenant }: Called) => ['authorization', `Bearer ${tenant.apiKey}`] as const;
  const post = ({ stack }: Called, headers: readonly (readonly [string, string])[], body: string) =>
    exchange(stack.apiUrl, { method: 'POST', target: '/integrations/connect/tiktok', headers, body });

  it.for<[string, (called: Called) => Promise<{ readonly status: number }>, number]>([
    [
      'a body over 16 KiB',
      (called) => post(called, [json, key(called)], JSON.stringify({ userId: 'a'.repeat(17_000) })),
      413,
    ],
    ['a body that is no JSON', (called) => post(called, [json, key(called)], '{'), 400],
    [
      'a body of another type',
      (called) => post(called, [['content-type', 'text/plain'], key(called)], '{"userId":"a"}'),
      415,
    ],
    [
      'a body with unknown fields',
      (called) => post(called, [json, key(called)], '{"userId":"a","x":1}'),
      400,
    ],
    ['no credential', (called) => post(called, [json], '{"userId":"a"}'), 401],
    [
      'an invented API key',
      (called) =>
        post(
          called,
          [json, ['authorization', `Bearer hwk_${'0'.repeat(16)}_${'0'.repeat(64)}_00000000`]],
          '{"userId":"a"}',
        ),
      401,
    ],
    [
      'an invented session',
      (called) => post(called, [json, ['authorization', 'Bearer a.b.c']], '{"userId":"a"}'),
      401,
    ],
    [
      'an unsigned session',
      (called) =>
        post(
          called,
          [json, ['authorization', 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.']],
          '{"userId":"a"}',
        ),
      401,
    ],
    [
      'a path id that cannot be one',
      ({ stack }) => exchange(stack.apiUrl, { method: 'GET', target: '/integrations/start/short' }),
      400,
    ],
  ])('row 24: %s costs no AWS call', async ([_name, send, status], { stack, tenant }) => {
    callsOfFunctions(stack);

    const answer = await send({ stack, tenant });

    expect(answer.status).toBe(status);
    expect(callsOfFunctions(stack)).toEqual([]);
  });

  it('row 24: the API refuses an unknown provider after reading nothing but the credential', async ({
    stack,
    tenant,
  }) => {
    await begin({ user: tenant.user('ada'), provider: 'tiktok' });
    callsOfFunctions(stack);

    const refusal = await tenant.client.fails('connect', {
      params: { provider: 'nowhere' },
      body: { userId: 'ada' },
    });

    expect(refusal.code).toBe('INVALID_PROVIDER');
    expect(callsOfFunctions(stack)).toEqual([]);
  });

  it('row 24: many forged states cost one read of the secret and no database call', async ({
    stack,
    tenant,
  }) => {
    await reachCallback(stack, { user: tenant.user('ada'), provider: 'tiktok' }).then(
      ({ browser, callbackUrl }) => browser.visit(callbackUrl),
    );
    const state = `${'A'.repeat(22)}.${'B'.repeat(43)}.${'C'.repeat(43)}`;
    const forged = `${stack.apiUrl}/integrations/callback/tiktok?state=${state}&code=x`;
    callsOfFunctions(stack);

    const pages: number[] = [];
    for (let round = 0; round < 20; round += 1) pages.push((await stack.newBrowser().visit(forged)).status);
    const calls = callsOfFunctions(stack);

    expect(pages).toEqual(Array(20).fill(404));
    // A secret that was just rotated is looked for once in a while.
    expect(calls.filter((call) => !call.endsWith('secretsmanager:GetSecretValue'))).toEqual([]);
    expect(calls.length).toBeLessThanOrEqual(1);
  });

  it('row 24: an API key is read from the table once, however often it is used', async ({
    stack,
    tenant,
  }) => {
    await tenant.client.ok('status');
    callsOfFunctions(stack);

    for (let round = 0; round < 10; round += 1) await tenant.client.ok('status');

    expect(callsOfFunctions(stack).filter((call) => call.endsWith('GetItem'))).toEqual([]);
  });

  it('row 24: thirty flows of one tenant cost one KMS call', async ({ stack, tenant }) => {
    const user = tenant.user('ada');
    callsOfFunctions(stack);

    for (let round = 0; round < 30; round += 1) await begin({ user, provider: 'openid' });

    expect(callsOfFunctions(stack).filter((call) => call.includes('kms:'))).toEqual([
      'LOCAL-connect kms:GenerateDataKey',
    ]);
  });

  it('row 24: reading a token from a warm instance costs one AWS call', async ({ stack, tenant }) => {
    const user = tenant.user('ada');
    const { connection } = await connectAccount(stack, { user, provider: 'tiktok' });
    const account = accountOf(user, connection);
    await tenant.client.ok('getToken', account);
    callsOfFunctions(stack);

    await tenant.client.ok('getToken', account);

    expect(callsOfFunctions(stack)).toEqual(['LOCAL-token dynamodb:GetItem']);
  });

  it('row 24: the API description and the health check cost no AWS call', async ({ stack }) => {
    callsOfFunctions(stack);

    await createApiClient(stack.apiUrl).ok('health');
    await createApiClient(stack.apiUrl).ok('openApi');

    expect(callsOfFunctions(stack)).toEqual([]);
  });
});
