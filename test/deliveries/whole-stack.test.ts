/** Outbound events on the whole stack: each function runs in its own worker with only its permissions, with real queues in between. */

import { createHmac } from 'node:crypto';
import { afterAll, expect } from 'vitest';
import type { MadeDestination } from '../../lib/admin/destinations.ts';
import { type Arrived, type Endpoint, openEndpoint, signerOf } from '../support/deliveries/endpoint.ts';
import { eventually } from '../support/eventually.ts';
import { sharedTenantTest } from '../support/fixtures/stack.ts';
import {
  accountOf,
  begin,
  comeBack,
  completionOf,
  connectAccount,
  decide,
  openLink,
} from '../support/stack/flow-steps.ts';
import { exchange } from '../support/stack/http-exchange.ts';

let endpoint: Endpoint;

let made: MadeDestination;

const it = sharedTenantTest();
it.beforeAll(async ({ stack, tenant }) => {
  endpoint = await openEndpoint();
  stack.local.insecureOrigins.push(endpoint.origin);
  made = await stack.local.operator.addDestination(tenant.id, { url: endpoint.url });
  await stack.local.operator.addDestination(tenant.id, { busName: 'tenants' });
});
afterAll(() => {
  endpoint.close();
});

it('Hawser notifies every destination of a new connection with a signed event and logs none of its content', async ({
  stack,
  tenant,
}) => {
  const { connection } = await connectAccount(stack, { user: tenant.user('ada'), provider: 'tiktok' });
  const event = await arrivedOf('connection.created');

  if (!made.secret) throw new Error('An endpoint has a secret.');
  expect(signerOf(event, [made.secret], Date.now())).toBe('current');
  expect(event.event).toMatchObject({
    tenantId: tenant.id,
    connectionId: connection.id,
    accountId: connection.accountId,
    data: { status: 'active' },
  });
  await eventually(() => stack.local.aws.busEntries().length > 0);
  expect(stack.local.aws.busEntries()[0]).toMatchObject({
    bus: 'tenants',
    detailType: 'connection.created',
    detail: JSON.parse(event.body.toString('utf8')),
  });
  const said = stack.output.filter((line) => /^(?:deliver|fan-out-events) /.test(line)).join('\n');
  expect(said).toContain('delivery_succeeded');
  expect(said).not.toContain(endpoint.origin);
  expect(said).not.toMatch(/whsec_|s4ndb0x|"level":"error"/);
});

it('a delivery returns through the queue with the same id after its endpoint was down', async ({
  stack,
  tenant,
}) => {
  endpoint.arrived.length = 0;
  endpoint.answerWith(503, 204);
  const user = tenant.user('bo');

  const { connection } = await connectAccount(stack, { user, provider: 'reddit' });
  await eventually(() => createdOf(connection.id).length === 2);

  const [first, second] = createdOf(connection.id);
  expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  expect(second?.body).toEqual(first?.body);
});

it('Hawser delivers webhook events that arrived before their connection existed to its tenant', async ({
  stack,
  tenant,
}) => {
  const user = tenant.user('cy');
  const client = { clientId: `own-${tenant.id}`, clientSecret: `s4ndb0x-own-${tenant.id}` };
  const { appId } = await stack.local.operator.setApp({
    provider: 'tiktok',
    tenantId: tenant.id,
    settings: {},
    ...client,
  });
  stack.local.platforms.sandboxes.tiktok.addClient({
    ...client,
    redirectUris: [`${stack.apiUrl}/integrations/callback/${appId}`],
  });
  const before = (await connectAccount(stack, { user, provider: 'tiktok' })).connection;
  await user.client.ok('disconnect', accountOf(user, before));

  const flow = await begin({ user, provider: 'tiktok' });
  const browser = stack.newBrowser();
  const seconds = Math.floor(Date.now() / 1000);
  const body = JSON.stringify({
    client_key: client.clientId,
    event: 'video.publish.completed',
    create_time: seconds,
    user_openid: before.accountId,
    content: '{"share_id":"early"}',
  });
  const signature = createHmac('sha256', client.clientSecret).update(`${seconds}.${body}`).digest('hex');
  const taken = await exchange(stack.apiUrl, {
    method: 'POST',
    target: `/integrations/webhook/${appId}`,
    headers: [
      ['content-type', 'application/json'],
      ['tiktok-signature', `t=${seconds},s=${signature}`],
    ],
    body,
  });
  const returned = await comeBack(browser, await decide(browser, await openLink(browser, flow.authUrl)));
  const { connection } = await user.client.ok('complete', { body: completionOf(user, returned) });

  expect(taken.status).toBe(200);
  const { event } = await arrivedOf('video.publish.completed');
  expect(event).toMatchObject({ connectionId: connection.id, data: { share_id: 'early' } });
});

it("Hawser notifies a tenant's other destinations of a destination that answers 410", async ({ stack }) => {
  const other = await stack.newTenant();
  const { operator, aws } = stack.local;
  const { destination } = await operator.addDestination(other.id, { url: `${endpoint.origin}/gone` });
  await operator.addDestination(other.id, { busName: 'others' });
  endpoint.answerWith(410);

  await operator.testDestination(other.id, destination.id);
  const notices = () => aws.busEntries().filter(({ bus }) => bus === 'others');
  await eventually(() => notices().length > 0);

  expect(notices()).toMatchObject([
    {
      detailType: 'destination.disabled',
      detail: { data: { destinationId: destination.id, reason: 'gone' } },
    },
  ]);
  const [found] = await operator.listDestinations(other.id);
  expect(found).toMatchObject({ status: 'disabled', lastError: 'http_410' });
});

function createdOf(connectionId: string): readonly Arrived[] {
  return endpoint.arrived.filter(
    ({ event, body }) => event.type === 'connection.created' && body.includes(connectionId),
  );
}

async function arrivedOf(type: string): Promise<Arrived> {
  const find = () => endpoint.arrived.find(({ event }) => event.type === type);
  await eventually(() => find() !== undefined);
  const found = find();
  if (!found) throw new Error(`No event ${type} arrived.`);
  return found;
}
