/** A probe for each permission of the functions that connect and list, with its outcome when the permission is withheld. */
import { createHmac } from 'node:crypto';
import { completionOf, connectAccount, reachCallback, reachReturn } from '../support/stack/flow-steps.ts';
import { exchange, type RawAnswer } from '../support/stack/http-exchange.ts';
import type { PlatformName, TestTenant } from '../support/stack/test-stack.ts';
import type { Probe, ProbeFixture } from './withheld-permissions.ts';

/** The code of an error, or the revocation outcome or status of a success. */
export function outcomeOf({ status, text }: RawAnswer): string {
  return /"code":"(\w+)"/.exec(text)?.[1] ?? /"revocation":"(\w+)"/.exec(text)?.[1] ?? String(status);
}

const databaseError = 'DATABASE_ERROR';
const vaultError = 'VAULT_ERROR';

/** A request by a tenant that the function has not cached. */
const request = (
  send: (tenant: TestTenant, kit: ProbeFixture) => Promise<RawAnswer>,
  before: (tenant: TestTenant, kit: ProbeFixture) => Promise<unknown> = async () => undefined,
): Probe['prepare'] => {
  return async (kit) => {
    const tenant = await kit.newTenant();
    await before(tenant, kit);
    return async () => outcomeOf(await send(tenant, kit));
  };
};

const connect = (provider: PlatformName) => (tenant: TestTenant) =>
  tenant.client.send('connect', { params: { provider }, body: { userId: 'ada' } });
const makeKey = (tenant: TestTenant, { stack }: ProbeFixture) =>
  stack.local.operator.rotateTenantKey(tenant.id);

const connectProbes: Readonly<Record<string, Probe>> = {
  'sessions dynamodb:GetItem connections': {
    prepare: request((tenant) => tenant.client.send('createSession', { body: { userId: 'ada' } })),
    outcome: databaseError,
  },
  'sessions secretsmanager:GetSecretValue sessionKey': {
    prepare: request((tenant) => tenant.client.send('createSession', { body: { userId: 'ada' } })),
    outcome: vaultError,
    coldStart: true,
  },
  'connect dynamodb:GetItem connections': { prepare: request(connect('tiktok')), outcome: databaseError },
  'connect dynamodb:PutItem activity': { prepare: request(connect('tiktok')), outcome: databaseError },
  'connect dynamodb:Query connections': { prepare: request(connect('openid')), outcome: databaseError },
  'connect dynamodb:PutItem connections': { prepare: request(connect('openid')), outcome: databaseError },
  'connect kms:GenerateDataKey vaultKey': { prepare: request(connect('openid')), outcome: vaultError },
  'connect kms:Decrypt vaultKey': { prepare: request(connect('openid'), makeKey), outcome: vaultError },
};

/** Opens a link; a not-found page has no code, so its status is the outcome. */
const start: Probe['prepare'] = async (kit) => {
  const tenant = await kit.newTenant();
  const { authUrl } = await tenant.client
    .ok('connect', {
      params: { provider: 'tiktok' },
      body: { userId: 'ada' },
    })
    .then((answer) => ('authUrl' in answer ? answer : { authUrl: '' }));
  return async () => String((await kit.stack.newBrowser().visit(authUrl)).status);
};

const startProbes: Readonly<Record<string, Probe>> = {
  'start dynamodb:GetItem activity': { prepare: start, outcome: '503' },
  'start dynamodb:UpdateItem activity': { prepare: start, outcome: '503' },
  'start secretsmanager:GetSecretValue stateSecret': { prepare: start, outcome: '503', coldStart: true },
};

/** The callback of a flow, confirmed or direct, whose account another user may already have connected. */
const callback =
  (
    completion: 'confirm' | 'direct',
    before: (tenant: TestTenant, kit: ProbeFixture) => Promise<unknown> = async () => undefined,
  ): Probe['prepare'] =>
  async (kit) => {
    const tenant = await kit.newTenant();
    await before(tenant, kit);
    const wish = { user: tenant.user('ada'), provider: 'tiktok', body: { completion } } as const;
    const { browser, callbackUrl } = await reachCallback(kit.stack, wish);
    return async () => {
      const page = await browser.visit(callbackUrl);
      if (page.location === undefined) return String(page.status);
      const query = new URL(page.location).searchParams;
      return `${query.get('code') ?? query.get('status')}${await pendingEvent(kit)}`;
    };
  };

/** Whether an event about a connection is still pending. */
async function pendingEvent({ stack }: ProbeFixture): Promise<string> {
  const connections = (await stack.tables.scan('connections')).filter((item) =>
    item['pk']?.S?.startsWith('connection#'),
  );
  return connections.some((item) => item['pendingEvent'] !== undefined) ? ', event pending' : '';
}

/** Another user of the tenant has connected the account; the unused tokens must be revoked. */
const takenBefore = (tenant: TestTenant, { stack }: ProbeFixture) =>
  connectAccount(stack, { user: tenant.user('bo'), provider: 'tiktok' });

const callbackProbes: Readonly<Record<string, Probe>> = {
  'callback dynamodb:GetItem activity': { prepare: callback('confirm'), outcome: '503' },
  'callback dynamodb:UpdateItem activity': { prepare: callback('confirm'), outcome: '503' },
  'callback dynamodb:Query connections': { prepare: callback('confirm'), outcome: '503' },
  'callback dynamodb:PutItem connections': { prepare: callback('confirm'), outcome: '503' },
  'callback kms:GenerateDataKey vaultKey': { prepare: callback('confirm'), outcome: '503' },
  'callback kms:Decrypt vaultKey': { prepare: callback('confirm', makeKey), outcome: '503' },
  'callback dynamodb:GetItem connections': { prepare: callback('direct'), outcome: '503' },
  'callback secretsmanager:GetSecretValue appSecrets': { prepare: callback('direct'), outcome: '503' },
  'callback secretsmanager:GetSecretValue stateSecret': {
    prepare: callback('confirm'),
    outcome: '503',
    coldStart: true,
  },
  'callback dynamodb:UpdateItem connections': {
    prepare: callback('direct'),
    outcome: 'connected, event pending',
  },
  'callback sqs:SendMessage events': { prepare: callback('direct'), outcome: 'connected, event pending' },
  'callback dynamodb:Query connections/byPlatformUser': {
    prepare: callback('direct', takenBefore),
    outcome: 'ACCOUNT_ALREADY_CONNECTED',
  },
  'callback dynamodb:BatchGetItem connections': {
    prepare: callback('direct', takenBefore),
    outcome: 'ACCOUNT_ALREADY_CONNECTED',
  },
};

const complete =
  (
    before: (tenant: TestTenant, kit: ProbeFixture) => Promise<unknown> = async () => undefined,
  ): Probe['prepare'] =>
  async (kit) => {
    const tenant = await kit.newTenant();
    await before(tenant, kit);
    const user = tenant.user('ada');
    const { returned } = await reachReturn(kit.stack, { user, provider: 'tiktok' });
    return async () => {
      const answer = await tenant.client.send('complete', { body: completionOf(user, returned) });
      return outcomeOf(answer) + (await pendingEvent(kit));
    };
  };

const completeProbes: Readonly<Record<string, Probe>> = {
  'complete dynamodb:GetItem connections': { prepare: complete(), outcome: databaseError },
  'complete dynamodb:GetItem activity': { prepare: complete(), outcome: databaseError },
  'complete dynamodb:UpdateItem activity': { prepare: complete(), outcome: databaseError },
  'complete dynamodb:Query connections': { prepare: complete(), outcome: databaseError },
  'complete kms:Decrypt vaultKey': { prepare: complete(), outcome: vaultError },
  'complete secretsmanager:GetSecretValue appSecrets': { prepare: complete(), outcome: vaultError },
  // The code is spent by then: the tokens are given back and the flow is over.
  'complete dynamodb:PutItem connections': { prepare: complete(), outcome: 'OAUTH_CALLBACK_ERROR' },
  'complete dynamodb:UpdateItem connections': { prepare: complete(), outcome: '201, event pending' },
  'complete sqs:SendMessage events': { prepare: complete(), outcome: '201, event pending' },
  'complete dynamodb:Query connections/byPlatformUser': {
    prepare: complete(takenBefore),
    outcome: 'ACCOUNT_ALREADY_CONNECTED',
  },
  'complete dynamodb:BatchGetItem connections': {
    prepare: complete(takenBefore),
    outcome: 'ACCOUNT_ALREADY_CONNECTED',
  },
};

const status = request((tenant) => tenant.client.send('status'), takenBefore);
const providers = request((tenant) => tenant.client.send('listProviders'));
const endUser = request((tenant) => tenant.client.send('disconnectUser', { params: { userId: 'ada' } }));

const listProbes: Readonly<Record<string, Probe>> = {
  'status dynamodb:GetItem connections': { prepare: status, outcome: databaseError },
  'status dynamodb:Query connections/byTenant': { prepare: status, outcome: databaseError },
  'status dynamodb:BatchGetItem connections': { prepare: status, outcome: databaseError },
  'providers dynamodb:GetItem connections': { prepare: providers, outcome: databaseError },
  'providers dynamodb:Query connections/byTenant': { prepare: providers, outcome: databaseError },
  'providers dynamodb:BatchGetItem connections': { prepare: providers, outcome: databaseError },
  'users dynamodb:GetItem connections': { prepare: endUser, outcome: databaseError },
  'users dynamodb:PutItem connections': { prepare: endUser, outcome: databaseError },
  'users sqs:SendMessage jobs': { prepare: endUser, outcome: 'PROCESSING_FAILED' },
};

/** A TikTok delivery, signed with the secret of the tenant's own app. */
const webhook: Probe['prepare'] = async (kit) => {
  const { stack } = kit;
  const tenant = await kit.newTenant();
  const appId = (await stack.local.operator.requireTenant(tenant.id)).apps['tiktok'] ?? '';
  const seconds = Math.floor(Date.now() / 1000);
  const body = JSON.stringify({
    client_key: `own-${tenant.id}`,
    event: 'authorization.removed',
    create_time: seconds,
    user_openid: 'nobody',
    content: '{"reason":1}',
  });
  const signature = createHmac('sha256', `s4ndb0x-own-${tenant.id}`)
    .update(`${seconds}.${body}`)
    .digest('hex');
  return async () =>
    outcomeOf(
      await exchange(stack.apiUrl, {
        method: 'POST',
        target: `/integrations/webhook/${appId}`,
        headers: [
          ['content-type', 'application/json'],
          ['tiktok-signature', `t=${seconds},s=${signature}`],
        ],
        body,
      }),
    );
};

const webhookProbes: Readonly<Record<string, Probe>> = {
  'webhook secretsmanager:GetSecretValue appSecrets': { prepare: webhook, outcome: vaultError },
  'webhook sqs:SendMessage incoming': { prepare: webhook, outcome: 'PROCESSING_FAILED' },
};

export const flowProbes: Readonly<Record<string, Probe>> = {
  ...connectProbes,
  ...startProbes,
  ...callbackProbes,
  ...completeProbes,
  ...listProbes,
  ...webhookProbes,
};
