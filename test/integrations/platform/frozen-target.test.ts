/**
 * Row 28: the platform's origin and the connection's variables are frozen into flow and connection. Hawser sends tokens only
 * to the origin that issued them, even after the app's registration changes.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startLocalAws } from '../../../infra/local/aws/local-aws.ts';
import { startGeneratedPlatform } from '../../../infra/local/sandbox/generated/generated-platform.ts';
import { localNames, provision } from '../../../infra/local/stack/provision.ts';
import { createSecretStore } from '../../../lib/admin/secret-store.ts';
import type { AppId, ProviderId, TenantId, UserId } from '../../../lib/ids.ts';
import { connect } from '../../../lib/integrations/connect/connect.ts';
import { listProviders } from '../../../lib/integrations/connect/list-providers.ts';
import { disconnectIntegration } from '../../../lib/integrations/disconnect/disconnect-integration.ts';
import { refreshToken } from '../../../lib/integrations/lifecycle/refresh-token.ts';
import { createPlatformHttp } from '../../../lib/platform-http/platform-http.ts';
import { definePlatform } from '../../../lib/providers/define-platform.ts';
import type { ProviderInput } from '../../../lib/providers/definition/provider-data.ts';
import { factsOf } from '../../infra/local/platforms/generated-calls.ts';
import { connectAccount } from '../../support/lifecycle/connect-account.ts';
import { type Instance, openClients, openInstance } from '../../support/lifecycle/function-instance.ts';

const tenantId = 'harbour-works' as TenantId;
const userId = 'ada' as UserId;
const provider = 'harbour' as ProviderId;
const appId = 'harbour' as AppId;
const client = { clientId: 'hawser-harbour', clientSecret: 's4ndb0x-client-secret' };

const shopPattern = '^[a-z][a-z0-9-]{0,60}$';

/** The host names a shop from the connection and a region from the app. */
const data: Extract<ProviderInput, { kind: 'oauth2' }> = {
  kind: 'oauth2',
  id: 'harbour',
  name: 'Harbour',
  endpoints: {
    authorization: 'https://{shop}.{region}.harbour.example/authorize',
    token: 'https://{shop}.{region}.harbour.example/token',
    revocation: 'https://{shop}.{region}.harbour.example/revoke',
  },
  scopes: { known: { read: 'Read' }, default: ['read'] },
  profile: { url: 'https://{host}/me', account: 'id', name: 'name' },
  connectionFields: {
    shop: { label: 'Shop', pattern: shopPattern, example: 'my-shop' },
    host: {
      pattern: '^[a-z]+\\.harbour\\.example$',
      example: 'dover.harbour.example',
      from: { tokenAnswer: 'instance' },
      extract: '^https://([a-z.]+)$',
    },
  },
  appSettings: { region: { meaning: 'region', pattern: '^(?:eu|us)$', default: 'eu' } },
};

let fixture: Awaited<ReturnType<typeof openFixture>>;

beforeAll(async () => {
  fixture = await openFixture();
});
afterAll(() => fixture.close());
beforeEach(async () => {
  await fixture.register({ region: 'eu' });
  fixture.asked.length = 0;
});

describe('row 28: a variable of a connection', () => {
  it('is listed with its pattern among the fields that a provider requires', async () => {
    const [listed] = await listProviders({ ...fixture.instance.deps, ...fixture.instance }, { tenantId });

    expect(listed?.variables).toEqual([
      {
        id: 'shop',
        label: 'Shop',
        pattern: shopPattern,
        example: 'my-shop',
        required: true,
      },
    ]);
  });

  it.each([
    ['missing', {}, ['variables.shop']],
    ['malformed', { shop: 'evil.example/' }, ['variables.shop']],
    ['unknown', { shop: 'quay', region: 'us' }, ['variables.region']],
  ])('is named in the refusal when it is %s', async (_, variables, fields) => {
    const { deps, tenants } = fixture.instance;
    const request = { tenantId, userId, provider, completion: 'confirm', variables } as const;

    await expect(connect({ ...deps, tenants }, request)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      details: { fields },
    });
  });

  it('appears in every URL of that connection, even if the token response supplies it, and in no URL of another', async () => {
    const quay = await fixture.connect('quay', 'mira');
    const first = fixture.asked.splice(0);
    const dock = await fixture.connect('dock', 'tomas');
    await refreshToken(fixture.instance.deps, dock);
    const second = fixture.asked.splice(0);

    expect(quay.target?.variables).toEqual({ shop: 'quay', host: 'dover.harbour.example' });
    expect(dock.target?.variables).toEqual({ shop: 'dock', host: 'dover.harbour.example' });
    expect(first).toEqual(['https://quay.eu.harbour.example/token', 'https://dover.harbour.example/me']);
    expect(second).toEqual([
      'https://dock.eu.harbour.example/token',
      'https://dover.harbour.example/me',
      'https://dock.eu.harbour.example/token',
    ]);
  });

  it('may be omitted when the user reconnects the account', async () => {
    const { deps, tenants } = fixture.instance;
    const { accountId } = await fixture.connect('quay', 'mira');
    const request = { tenantId, userId, provider, completion: 'confirm', reconnect: accountId } as const;

    await expect(connect({ ...deps, tenants }, request)).resolves.toHaveProperty('authUrl');
  });
});

describe('row 28: an app whose settings change after a grant', () => {
  it('refreshes and revokes that grant at the origin that issued it', async () => {
    const connection = await fixture.connect('quay', 'mira');
    await fixture.register({ region: 'us' });
    fixture.asked.length = 0;

    const refreshed = await refreshToken(fixture.instance.deps, connection);
    const disconnected = await disconnectIntegration(fixture.instance.deps, connection);

    expect(refreshed.status).toBe('active');
    expect(disconnected.revocation).toBe('revoked');
    expect(fixture.asked).toEqual([
      'https://quay.eu.harbour.example/token',
      'https://quay.eu.harbour.example/revoke',
    ]);
  });
});

async function openFixture() {
  const asked: string[] = [];
  const aws = await startLocalAws({ grantsOf: () => undefined, now: Date.now });
  const platform = await startGeneratedPlatform(factsOf(data), { clients: [], now: Date.now });
  const clients = openClients(
    { endpoint: aws.endpoints.dynamodb, region: aws.region, accountId: aws.accountId },
    3,
  );
  await provision(clients);
  const origins: Readonly<Record<string, string>> = Object.assign(
    {},
    ...['quay', 'dock'].flatMap((shop) =>
      ['eu', 'us'].map((region) => platform.originsWith({ shop, region, host: 'dover.harbour.example' })),
    ),
  );
  const http = createPlatformHttp({ fetch, insecureOrigins: Object.values(origins), origins });
  const instance: Instance = openInstance({
    aws: { endpoint: aws.endpoints.dynamodb, region: aws.region, accountId: aws.accountId },
    clients,
    platformOrigins: origins,
    providers: [definePlatform({ data })],
    http: (request) => {
      asked.push(request.url);
      return http(request);
    },
    now: Date.now,
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    random: () => 0.5,
    write: () => undefined,
  });
  const secrets = createSecretStore(clients.secrets);
  await secrets.write(localNames.stateSecretId, { current: 's4ndb0x-'.repeat(6), previous: '' });
  await secrets.write('hawser/apps/harbour', client);
  await instance.tenants.create({
    id: tenantId,
    name: 'Harbour Works',
    status: 'active',
    returnUrls: ['https://app.example/connected'],
    directLinking: false,
    apps: {},
    createdAt: Date.now(),
  });
  platform.addClient({
    ...client,
    redirectUris: ['https://hawser.example/integrations/callback/harbour'],
  });

  return {
    asked,
    instance,
    register: (settings: Readonly<Record<string, string>>) =>
      instance.deps.apps.update(appId, () => ({
        appId,
        provider,
        clientId: client.clientId,
        secretId: 'hawser/apps/harbour',
        settings,
      })),
    connect: (shop: string, person: string) =>
      connectAccount(instance, { tenantId, userId, provider, person, variables: { shop } }),
    async close() {
      for (const one of Object.values(clients)) one.destroy();
      await platform.close();
      await aws.close();
    },
  };
}
