/**
 * Registers, lists and removes provider apps: the OAuth clients at platforms, shared by all tenants or a tenant's own.
 * The client secret goes to Secrets Manager and is never shown again. A provider whose users enter credentials has an
 * app without an OAuth client, and registering it enables the provider.
 */

import { type AppId, newAppId } from '../ids.ts';
import { discoverServer } from '../oauth/discovery.ts';
import type { ProviderApp, Registration } from '../provider-apps/provider-app.ts';
import { type Provider, webhookOf } from '../providers/provider.ts';
import { requireNoConflict } from '../table/update.ts';
import { type Tenant, withApp } from '../tenants/tenant.ts';
import { findConnection } from './connections/connections.ts';
import { type AdminStores, requireLivingTenant, requireProvider, requireTenant } from './deps.ts';

export interface AppInput {
  readonly provider: string;
  /** The tenant whose own app it is; absent for the shared one. */
  readonly tenantId?: string;
  /** The OAuth client; absent for a provider whose users enter credentials. */
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** For platforms that sign webhooks with a separate secret. */
  readonly webhookSecret?: string;
  /** For platforms that send this token in their handshake. */
  readonly verifyToken?: string;
  /** Settings to change; an empty value removes the setting. */
  readonly settings: Readonly<Record<string, string>>;
  /** The OpenID Connect issuer, for providers whose endpoints are discovered. */
  readonly issuer?: string;
}

export function appActions(stores: AdminStores) {
  const { apps, names, providers, secrets, tenants, insecureOrigins } = stores;
  return { findProvider, settingsWith, setApp, listApps, findApp, hasClientSecret, removeApp };

  /** @throws Error naming the built-in providers when there is none of this id, or no such tenant. */
  async function findProvider(id: string, tenantId?: string): Promise<Provider> {
    const tenant = tenantId === undefined ? undefined : await requireTenant(tenants, tenantId);
    return requireProvider(providers, id, tenant?.id);
  }

  /** An app's settings with these changes applied. Nothing is stored. */
  async function settingsWith({
    provider,
    tenantId,
    settings,
  }: Pick<AppInput, 'provider' | 'tenantId' | 'settings'>): Promise<ProviderApp['settings']> {
    const tenant = tenantId === undefined ? undefined : await requireLivingTenant(tenants, tenantId);
    const appId = appIdOf(await requireProvider(providers, provider, tenant?.id), tenant);
    return mergeSettings(appId && (await apps.get(appId)), settings);
  }

  /** Registers a provider app, or changes one. Its app id, which is part of its redirect URI, stays the same. */
  async function setApp(input: AppInput): Promise<ProviderApp> {
    const tenant =
      input.tenantId === undefined ? undefined : await requireLivingTenant(tenants, input.tenantId);
    const provider = await requireProvider(providers, input.provider, tenant?.id);
    const appId = appIdOf(provider, tenant) ?? newAppId();
    const settings = mergeSettings(await apps.get(appId), input.settings);
    checkSettings(provider, settings);
    checkAddresses(settings, insecureOrigins);
    // Throws when the settings describe webhooks that cannot be verified.
    const webhook = webhookOf(provider, settings);
    const client = clientOf(provider, input);
    const server = await discoverEndpoints(provider, input.issuer);
    const secretId = client ? `${names.appSecretPrefix}${appId}` : '';
    const secret = client && appSecret({ ...input, ...client, settings }, await secrets.read(secretId));
    if (secret) {
      if (webhook?.signedWith === 'webhookSecret' && secret['webhookSecret'] === '') {
        throw new Error('The webhooks that the settings describe need their secret: give --webhook-secret.');
      }
      await secrets.write(secretId, secret, `Client of an app at ${provider.name}, set by hawser app set`);
    }
    const app = await saveApp(appId, (before) => ({
      appId,
      provider: provider.id,
      clientId: client?.clientId ?? '',
      secretId,
      settings: mergeSettings(before, input.settings),
      ...(tenant && { tenantId: tenant.id }),
      ...(server && { server }),
    }));
    // Another operator may have saved settings at the same time; the secret must hold the merged ones.
    const saved = JSON.stringify(app.settings);
    if (secret && secret['settings'] !== saved) await secrets.write(secretId, { ...secret, settings: saved });
    if (tenant) {
      requireNoConflict(await tenants.update(tenant.id, (one) => withApp(one, provider.id, appId)));
    }
    return app;
  }

  async function saveApp(
    appId: AppId,
    decide: (before: ProviderApp | undefined) => Registration,
  ): Promise<ProviderApp> {
    const updated = requireNoConflict(await apps.update(appId, decide));
    if (updated.kind === 'absent') throw new Error('The app was not registered.');
    return updated.value;
  }

  /** The shared apps, or a tenant's own. */
  async function listApps(tenantId?: string): Promise<readonly ProviderApp[]> {
    return apps.list(tenantId === undefined ? undefined : (await requireTenant(tenants, tenantId)).id);
  }

  async function findApp(provider: string, tenantId?: string): Promise<ProviderApp> {
    const tenant = tenantId === undefined ? undefined : await requireTenant(tenants, tenantId);
    const appId = appIdOf(await requireProvider(providers, provider, tenant?.id), tenant);
    const app = appId && (await apps.get(appId));
    if (!app) throw new Error('This app is not registered.');
    return app;
  }

  /** Whether an app's secret is stored for its client id. */
  async function hasClientSecret(app: ProviderApp): Promise<boolean> {
    const { clientId, clientSecret } = await secrets.read(app.secretId);
    return clientId === app.clientId && clientSecret !== undefined && clientSecret !== '';
  }

  /**
   * Removes an app and schedules the deletion of its secret. Refuses to remove a tenant's own app while connections use
   * it: a new app would get another app id, and nothing could refresh or revoke them. A shared app has the same app id
   * when it is registered again.
   */
  async function removeApp(provider: string, tenantId?: string): Promise<void> {
    const app = await findApp(provider, tenantId);
    if (app.tenantId === undefined) {
      await apps.remove(app.appId);
      if (hasClient(app)) await secrets.remove(app.secretId);
      return;
    }
    if (await findConnection(stores, app.tenantId, ({ appId }) => appId === app.appId)) {
      throw new Error('Connections use this app. Disconnect them first.');
    }
    if (hasClient(app)) await secrets.remove(app.secretId);
    requireNoConflict(await tenants.update(app.tenantId, (one) => withApp(one, app.provider, undefined)));
    await apps.remove(app.appId);
  }

  async function discoverEndpoints(
    provider: Provider,
    given: string | undefined,
  ): Promise<ProviderApp['server']> {
    const discovery = provider.consent && provider.data.discovery;
    if (!discovery || discovery.issuer !== undefined) {
      if (given !== undefined) throw new Error(`Provider "${provider.id}" takes no issuer.`);
    }
    if (!discovery) return undefined;
    const issuer = discovery.issuer ?? given;
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

/** The OAuth client in the input; undefined for a provider whose users enter credentials. */
function clientOf(provider: Provider, input: AppInput): Client | undefined {
  const { clientId, clientSecret, webhookSecret, verifyToken } = input;
  if (!provider.consent) {
    if ([clientId, clientSecret, webhookSecret, verifyToken].every((one) => one === undefined))
      return undefined;
    throw new Error(
      `Provider "${provider.id}" takes no client id and no secret: its users enter credentials.`,
    );
  }
  if (clientId && clientSecret) return { clientId, clientSecret };
  throw new Error(`Provider "${provider.id}" needs its client id and secret.`);
}

/** A shared app's id is its provider's; a tenant's own app gets one when it is registered. */
function appIdOf(provider: Provider, tenant: Tenant | undefined): AppId | undefined {
  return tenant === undefined ? (provider.id as string as AppId) : tenant.apps[provider.id];
}

/** Merges the given settings into the present ones; an empty value removes a setting. */
function mergeSettings(
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

/** Hawser calls the addresses in settings whose name ends in Url, so they need https and may hold no password. */
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
 * The content of an app's secret. It names the provider, so that a webhook can be verified without the database, and
 * keeps the previous secrets, so that webhooks signed just before a change still verify.
 */
function appSecret(
  input: AppInput & Client,
  before: Readonly<Record<string, string>>,
): Record<string, string> {
  const { provider, clientId, clientSecret } = input;
  const sameClient = before['clientId'] === clientId;
  // Secrets that are not given stay: an operator who changes the client secret may not have the others.
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
