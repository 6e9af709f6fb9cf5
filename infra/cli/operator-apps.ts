/**
 * Provider apps: the OAuth clients registered at platforms, shared by all tenants or a tenant's own. The client secret
 * goes to Secrets Manager and never comes back from there to the operator. A provider whose users give credentials has
 * an app too, without a client: registering it is what turns the provider on.
 */
import { type ContextId, newContextId } from '../../lib/ids.ts';
import { discoverServer } from '../../lib/oauth/discovery.ts';
import { type Provider, webhookOf } from '../../lib/providers/definition.ts';
import type { ProviderApp } from '../../lib/tenants/provider-app.ts';
import type { Tenant } from '../../lib/tenants/tenant.ts';
import { findConnection } from './operator-connections.ts';
import { type OperatorStores, requireLivingTenant, requireTenant } from './operator-parts.ts';

export interface AppInput {
  readonly provider: string;
  /** The tenant whose own app it is; absent for the shared one. */
  readonly tenantId?: string;
  /** The OAuth client; absent for a provider whose users give credentials. */
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** Where the platform signs webhooks with a secret of their own. */
  readonly webhookSecret?: string;
  /** Where the platform shows in its handshake that it knows us. */
  readonly verifyToken?: string;
  /** Those that change; an empty one goes. */
  readonly settings: Readonly<Record<string, string>>;
  /** For providers whose endpoints are discovered. */
  readonly issuer?: string;
}

export function appVerbs(stores: OperatorStores) {
  const { apps, names, registry, secrets, tenants, insecureOrigins } = stores;
  return { requireProvider, settingsWith, setApp, listApps, findApp, hasClientSecret, removeApp };

  /** @throws Error naming the providers there are. */
  function requireProvider(id: string): Provider {
    const provider = registry.find(id);
    if (provider) return provider;
    const known = registry.all.map((one) => one.id).join(', ');
    throw new Error(`There is no provider "${id}". There are: ${known}.`);
  }

  /** What an app's settings are once some are changed. */
  async function settingsWith({
    provider,
    tenantId,
    settings,
  }: Pick<AppInput, 'provider' | 'tenantId' | 'settings'>): Promise<ProviderApp['settings']> {
    const tenant = tenantId === undefined ? undefined : await requireLivingTenant(tenants, tenantId);
    const context = contextOf(requireProvider(provider), tenant);
    return changed(context && (await apps.get(context)), settings);
  }

  /** Registers a provider app or changes its registration; its redirect URI is the callback of its context. */
  async function setApp(input: AppInput): Promise<ProviderApp> {
    const provider = requireProvider(input.provider);
    const tenant =
      input.tenantId === undefined ? undefined : await requireLivingTenant(tenants, input.tenantId);
    const context = contextOf(provider, tenant) ?? newContextId();
    const settings = changed(await apps.get(context), input.settings);
    checkSettings(provider, settings);
    checkAddresses(settings, insecureOrigins);
    // Throws where the settings describe webhooks that nobody could check.
    const webhook = webhookOf(provider, settings);
    const client = clientOf(provider, input);
    const server = await discover(provider, input.issuer);
    const secretId = client ? `${names.appSecretPrefix}${context}` : '';
    if (client) {
      const secret = appSecret({ ...input, ...client, settings }, await secrets.read(secretId));
      if (webhook?.signedWith === 'webhookSecret' && secret['webhookSecret'] === '') {
        throw new Error('The webhooks that the settings describe need their secret: give --webhook-secret.');
      }
      await secrets.write(secretId, secret);
    }
    const app = await apps.save({
      context,
      provider: provider.id,
      clientId: client?.clientId ?? '',
      secretId,
      settings,
      ...(tenant && { tenantId: tenant.id }),
      ...(server && { server }),
    });
    if (tenant) await tenants.useApp(tenant.id, provider.id, context);
    return app;
  }

  /** The shared apps, or a tenant's own. */
  async function listApps(tenantId?: string): Promise<readonly ProviderApp[]> {
    return apps.list(tenantId === undefined ? undefined : (await requireTenant(tenants, tenantId)).id);
  }

  async function findApp(provider: string, tenantId?: string): Promise<ProviderApp> {
    const tenant = tenantId === undefined ? undefined : await requireTenant(tenants, tenantId);
    const context = contextOf(requireProvider(provider), tenant);
    const app = context && (await apps.get(context));
    if (!app) throw new Error('This app is not registered.');
    return app;
  }

  /** Whether the secret of an app is filled in, for this client id. */
  async function hasClientSecret(app: ProviderApp): Promise<boolean> {
    const { clientId, clientSecret } = await secrets.read(app.secretId);
    return clientId === app.clientId && clientSecret !== undefined && clientSecret !== '';
  }

  /**
   * Forgets an app and its secret. A tenant's own is refused while connections stand on it: with another context in
   * its place, nobody could renew or revoke them. A shared one comes back as it was when it is set again.
   */
  async function removeApp(provider: string, tenantId?: string): Promise<void> {
    const app = await findApp(provider, tenantId);
    if (app.tenantId === undefined) {
      await apps.remove(app.context);
      // The secret belongs to the stack; only what is in it goes.
      if (hasClient(app)) await secrets.write(app.secretId, {});
      return;
    }
    if (await findConnection(stores, app.tenantId, ({ context }) => context === app.context)) {
      throw new Error('Connections stand on this app. Disconnect them first.');
    }
    if (hasClient(app)) await secrets.remove(app.secretId);
    await tenants.useApp(app.tenantId, app.provider, undefined);
    await apps.remove(app.context);
  }

  async function discover(provider: Provider, issuer: string | undefined): Promise<ProviderApp['server']> {
    if (provider.auth !== 'oauth2' || provider.endpoints !== 'registered') {
      if (issuer !== undefined) throw new Error(`Provider "${provider.id}" takes no issuer.`);
      return undefined;
    }
    if (issuer === undefined) throw new Error(`Provider "${provider.id}" needs its issuer.`);
    if (!URL.canParse(issuer)) throw new Error('The issuer is not a URL.');
    return discoverServer(stores.http, issuer);
  }
}

interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Whether an app has an OAuth client, and so a secret and a redirect URI. */
export function hasClient(app: Pick<ProviderApp, 'clientId'>): boolean {
  return app.clientId !== '';
}

/** The OAuth client that was given; none where there is none to give. */
function clientOf(provider: Provider, input: AppInput): Client | undefined {
  const { clientId, clientSecret, webhookSecret, verifyToken } = input;
  if (provider.auth === 'credentials') {
    if ([clientId, clientSecret, webhookSecret, verifyToken].every((one) => one === undefined))
      return undefined;
    throw new Error(
      `Provider "${provider.id}" takes no client id and no secret: its users give credentials.`,
    );
  }
  if (clientId && clientSecret) return { clientId, clientSecret };
  throw new Error(`Provider "${provider.id}" needs its client id and secret.`);
}

/** A shared app's context is its provider's id; a tenant's own has one when it is registered. */
function contextOf(provider: Provider, tenant: Tenant | undefined): ContextId | undefined {
  return tenant === undefined ? (provider.id as string as ContextId) : tenant.apps[provider.id];
}

/** What was not given now is what it was. */
function changed(
  before: Pick<ProviderApp, 'settings'> | undefined,
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const all = Object.entries({ ...before?.settings, ...given });
  return Object.fromEntries(all.filter(([, value]) => value !== ''));
}

function checkSettings(provider: Provider, settings: Readonly<Record<string, string>>): void {
  const known = provider.appSettings ?? {};
  const missing = Object.entries(known).filter(([name]) => !settings[name]);
  if (missing.length > 0) {
    const list = missing.map(([name, meaning]) => `${name} (${meaning})`).join(', ');
    throw new Error(`Provider "${provider.id}" needs the setting ${list}.`);
  }
  const optional = provider.optionalSettings ?? {};
  const unknown = Object.keys(settings).filter((name) => !Object.hasOwn({ ...known, ...optional }, name));
  if (unknown.length > 0) {
    throw new Error(`Provider "${provider.id}" has no setting ${unknown.join(', ')}.`);
  }
  for (const [name, { meaning, pattern }] of Object.entries(optional)) {
    const value = settings[name];
    if (value !== undefined && !pattern.test(value)) {
      throw new Error(`The setting ${name} (${meaning}) is malformed.`);
    }
  }
}

/** A setting whose name ends in Url is an address that Hawser will call: as safe as a platform's own, and without a password in it. */
function checkAddresses(
  settings: Readonly<Record<string, string>>,
  insecureOrigins: readonly string[],
): void {
  for (const [name, value] of Object.entries(settings)) {
    if (!name.endsWith('Url')) continue;
    const url = URL.parse(value);
    const safe = url?.protocol === 'https:' || (url && insecureOrigins.includes(url.origin));
    if (!safe || url.username !== '' || url.password !== '' || url.hash !== '') {
      throw new Error(`The setting ${name} must be an https address, without a user name or a fragment.`);
    }
  }
}

/**
 * What lies in an app's secret. It names the provider, so that a webhook can be verified without the database; the
 * secrets before these stay beside them, so that deliveries under way during a change are still good.
 */
function appSecret(
  input: AppInput & Client,
  before: Readonly<Record<string, string>>,
): Record<string, string> {
  const { provider, clientId, clientSecret } = input;
  const sameClient = before['clientId'] === clientId;
  // What was not given now is what it was: whoever changes the client secret knows nothing of the others.
  const kept = (name: string) => (sameClient ? before[name] : undefined) ?? '';
  const { webhookSecret = kept('webhookSecret'), verifyToken = kept('verifyToken') } = input;
  const previous = (name: string, current: string) =>
    (before[name] === current ? before[previousName(name)] : sameClient ? before[name] : undefined) ?? '';
  return {
    provider,
    clientId,
    clientSecret,
    previousClientSecret: previous('clientSecret', clientSecret),
    webhookSecret,
    previousWebhookSecret: previous('webhookSecret', webhookSecret),
    verifyToken,
    settings: JSON.stringify(input.settings),
  };
}

const previousName = (name: string) => `previous${name.charAt(0).toUpperCase()}${name.slice(1)}`;
