/**
 * Webhooks of a server without a provider in the catalogue: the operator describes them with its app, and they are
 * verified, parsed and handled like those of any other provider.
 */
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { signStandardWebhook } from '../../lib/signatures/standard-webhooks.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import { eventually } from '../support/eventually.ts';
import { it } from '../support/fixtures/webhooks.ts';
import { connectAccount } from '../support/stack/flow-steps.ts';
import { exchange } from '../support/stack/http-exchange.ts';
import type { TestTenant } from '../support/stack/test-stack.ts';
import { hmac, type WebhookFixture } from '../support/webhook-fixture.ts';

const standard = { signature: 'standard-webhooks', account: 'data.subject', deauthorized: ['grant.revoked'] };
const github = {
  signature: { header: 'x-hub-signature-256', algorithm: 'sha256', encoding: 'hex', prefix: 'sha256=' },
  account: 'sender',
  id: 'delivery',
  type: 'action',
};

/** A tenant and the settings of an app for it. */
async function newApp(webhooks: WebhookFixture) {
  const { stack } = webhooks;
  const tenant = await stack.newTenant();
  const unique = randomBytes(6).toString('hex');
  const client = { clientId: `own-${unique}`, clientSecret: `s4ndb0x-client-${unique}` };
  const { origin: issuer } = stack.local.platforms.sandboxes.openid;
  return { tenant, client, app: { provider: 'openid', tenantId: tenant.id, issuer, ...client } };
}

/** A tenant with its own app, whose webhooks are described, and one connection. */
async function connected(webhooks: WebhookFixture, description: object, webhookSecret: string) {
  const { stack } = webhooks;
  const { tenant, client, app } = await newApp(webhooks);
  const settings = { webhook: JSON.stringify(description) };
  const { appId } = await stack.local.operator.setApp({ ...app, webhookSecret, settings });
  stack.local.platforms.sandboxes.openid.addClient({
    ...client,
    redirectUris: [`${stack.apiUrl}/integrations/callback/${appId}`],
  });
  const { connection } = await connectAccount(stack, { user: tenant.user('ada'), provider: 'openid' });
  return { tenant, appId, connection };
}

function deliver(
  webhooks: WebhookFixture,
  appId: string,
  body: string,
  headers: Readonly<Record<string, string>>,
) {
  return exchange(webhooks.stack.apiUrl, {
    method: 'POST',
    target: `/integrations/webhook/${appId}`,
    headers: [['content-type', 'application/json'], ...Object.entries(headers)],
    body,
  });
}

const toldOf = (webhooks: WebhookFixture, tenant: TestTenant, type: string) =>
  eventually(() => webhooks.toldOf(tenant.id, type)[0] as object | undefined);

it('webhooks signed as Standard Webhooks reach the tenant once and end access where they report a deauthorization', async ({
  webhooks,
}) => {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const { tenant, appId, connection } = await connected(webhooks, standard, secret);
  const send = (id: string, type: string) => {
    const body = JSON.stringify({
      type,
      timestamp: new Date().toISOString(),
      data: { subject: connection.accountId },
    });
    const headers = signStandardWebhook({ id, timestamp: Date.now(), body: Buffer.from(body) }, [
      new Secret(secret),
    ]);
    return deliver(webhooks, appId, body, headers);
  };

  const first = await send('msg_1', 'photo.added');
  const again = await send('msg_1', 'photo.added');
  const told = await toldOf(webhooks, tenant, 'photo.added');
  const revoked = await send('msg_2', 'grant.revoked');

  expect([first.status, again.status, revoked.status]).toEqual([200, 200, 200]);
  expect(told).toMatchObject({ accountId: connection.accountId, userId: 'ada' });
  await eventually(async () =>
    (await webhooks.statusOf(tenant)).find(({ status }) => status === 'reconnect_required'),
  );
  await webhooks.settle();
  expect(webhooks.toldOf(tenant.id, 'photo.added')).toHaveLength(1);
});

it('webhooks with a described HMAC signature reach the tenant, and any other signature is refused', async ({
  webhooks,
}) => {
  const secret = 's4ndb0x-generic';
  const { tenant, appId, connection } = await connected(webhooks, github, secret);
  const body = JSON.stringify({ delivery: 'd-1', action: 'opened', sender: connection.accountId });
  const headers = (under: string) => ({
    'x-hub-signature-256': `sha256=${hmac(under, body).toString('hex')}`,
  });

  const forged = await deliver(webhooks, appId, body, headers('another'));
  const good = await deliver(webhooks, appId, body, headers(secret));

  expect([forged.status, good.status]).toEqual([401, 200]);
  expect(await toldOf(webhooks, tenant, 'opened')).toMatchObject({ accountId: connection.accountId });
});

it('the webhook route refuses undescribed webhooks, and the operator cannot register an unverifiable description', async ({
  webhooks,
}) => {
  const { operator } = webhooks.stack.local;
  const app = { ...(await newApp(webhooks)).app, webhookSecret: 's4ndb0x-webhook' };
  const { appId } = await operator.setApp({ ...app, settings: {} });
  const body = '{}';

  const { status } = await deliver(webhooks, appId, body, {
    'x-hub-signature-256': `sha256=${hmac(app.webhookSecret, body).toString('hex')}`,
  });
  const wrong = operator.setApp({ ...app, settings: { webhook: '{"signature":"none","account":"a"}' } });

  expect(status).toBe(401);
  await expect(wrong).rejects.toThrow("The webhook's description");
});

it('the webhook description survives a change of the app’s secret until the operator removes it', async ({
  webhooks,
}) => {
  const { operator } = webhooks.stack.local;
  const { app } = await newApp(webhooks);
  const settings = { webhook: JSON.stringify(github) };

  const unsigned = operator.setApp({ ...app, settings });
  await expect(unsigned).rejects.toThrow('--webhook-secret');
  await operator.setApp({ ...app, settings, webhookSecret: 's4ndb0x-webhook' });
  const rotated = await operator.setApp({ ...app, clientSecret: 's4ndb0x-newer', settings: {} });
  const bare = await operator.setApp({ ...app, settings: { webhook: '' } });

  expect([rotated.settings, bare.settings]).toEqual([settings, {}]);
});
