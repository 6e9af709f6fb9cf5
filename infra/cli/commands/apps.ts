/** `hawser app …`: the OAuth clients registered at platforms, shared by all tenants or a tenant's own. */
import { hasClient } from '../../../lib/admin/apps.ts';
import type { ProviderApp } from '../../../lib/provider-apps/provider-app.ts';
import { type Provider, webhookOf } from '../../../lib/providers/provider.ts';
import { readSecrets } from '../terminal/secret-input.ts';
import { factSheet, textTable } from '../terminal/text-table.ts';
import { UsageError } from '../terminal/usage-error.ts';
import type { Act, Call, Group, Shown } from './call.ts';

type Settings = Readonly<Record<string, string>>;

interface TenantOption {
  readonly tenant?: string | undefined;
}

interface SetOptions extends TenantOption {
  readonly clientId?: string | undefined;
  readonly webhookSecret?: true | undefined;
  readonly verifyToken?: true | undefined;
  readonly setting: Settings;
  readonly issuer?: string | undefined;
}

const ownApp = ['--tenant <TENANT>', "a tenant's own app instead of the shared one"] as const;

export function addAppCommands(apps: Group, act: Act): void {
  apps
    .command('set <PROVIDER>')
    .description(
      'Registers a provider app, or changes one, and prints the redirect URI to enter at the platform. Prompts for the client secret, or reads it from a pipe. Several secrets are piped as JSON: {"clientSecret": "…", "verifyToken": "…"}. Secrets and settings that you do not give stay as they are. A provider whose users enter credentials has no client id and no secret.',
    )
    .option(...ownApp)
    .option('--client-id <ID>', 'the id of the OAuth client at the platform')
    .option('--webhook-secret', 'ask for the secret with which the platform signs webhooks, too')
    .option('--verify-token', "ask for the token of the platform's webhook handshake, too")
    .option<'--setting <NAME=VALUE>', Settings>(
      '--setting <NAME=VALUE>',
      'a setting of the provider; may be repeated; NAME= removes the setting',
      addSetting,
      {},
    )
    .option('--issuer <URL>', 'the OpenID Connect issuer, for providers that have one')
    .action(act(set));
  apps
    .command('list')
    .description("Lists the shared apps, or a tenant's own.")
    .option('--tenant <TENANT>', "list this tenant's own apps")
    .action(act(list));
  apps
    .command('show <PROVIDER>')
    .description('Shows an app and the URLs to enter at the platform, without its secret.')
    .option(...ownApp)
    .action(act(show));
  apps
    .command('remove <PROVIDER>')
    .description('Removes an app and its secret. Until it is set again, its connections can only be listed.')
    .option(...ownApp)
    .action(act(remove));
}

async function set(call: Call, provider: string, given: SetOptions): Promise<Shown> {
  const { operator, io, apiUrl } = call;
  const { clientId, setting: settings } = given;
  // Check this before the operator types a secret in vain.
  const found = await operator.findProvider(provider, given.tenant);
  const byCredentials = found.consent === undefined;
  if (!byCredentials && !clientId) throw new UsageError('--client-id is missing.');
  if (byCredentials && clientId !== undefined) {
    throw new UsageError(`The users of ${provider} give credentials: it takes no --client-id.`);
  }
  const holder = given.tenant !== undefined && { tenantId: given.tenant };
  const changed = await operator.settingsWith({ provider, settings, ...holder });
  refuseNeedlessSecrets(found, changed, given);
  const app = await operator.setApp({
    provider,
    ...(clientId && { clientId, ...(await readSecrets(io, secretsAsked(given))) }),
    settings,
    ...holder,
    ...(given.issuer !== undefined && { issuer: given.issuer }),
  });
  if (byCredentials) {
    return {
      data: view(app, apiUrl),
      text: `${provider} is on.\n`,
      note: 'Its users enter credentials: there is nothing to enter at the platform.',
    };
  }
  return {
    data: view(app, apiUrl),
    text: `${redirectUri(app, apiUrl)}\n`,
    note: `The app is registered. Enter the line above at ${provider} as its redirect URI, exactly.`,
  };
}

/** The secrets to ask for, by the names under which they are stored. */
function secretsAsked(given: SetOptions) {
  return {
    clientSecret: 'client secret',
    ...(given.webhookSecret && { webhookSecret: 'webhook secret' }),
    ...(given.verifyToken && { verifyToken: 'verify token' }),
  };
}

/** An operator should not hand over a secret that verifies nothing. */
function refuseNeedlessSecrets(provider: Provider, settings: Settings, given: SetOptions): void {
  const webhook = webhookOf(provider, settings);
  if (given.webhookSecret && (!webhook || webhook.signedWith === 'clientSecret')) {
    throw new UsageError(
      `No webhook of ${provider.id} is signed with a secret of its own: it takes no --webhook-secret.`,
    );
  }
  if (given.verifyToken && !webhook?.handshake) {
    throw new UsageError(`${provider.id} asks for no verify token: it takes no --verify-token.`);
  }
}

async function list({ operator, apiUrl }: Call, { tenant }: TenantOption): Promise<Shown> {
  const apps = await operator.listApps(tenant);
  const rows = apps.map((app) =>
    hasClient(app) ? [app.provider, app.clientId, redirectUri(app, apiUrl)] : [app.provider, '-', '-'],
  );
  return {
    data: { apps: apps.map((app) => view(app, apiUrl)) },
    text: rows.length === 0 ? '' : textTable(['PROVIDER', 'CLIENT ID', 'REDIRECT URI'], rows),
    ...(rows.length === 0 && {
      note: tenant === undefined ? 'There are no shared apps yet.' : 'This tenant has no apps of its own.',
    }),
  };
}

async function show({ operator, apiUrl }: Call, provider: string, { tenant }: TenantOption): Promise<Shown> {
  const app = await operator.findApp(provider, tenant);
  const secretFilled = hasClient(app) ? await operator.hasClientSecret(app) : undefined;
  const settings = Object.entries(app.settings).map(([name, value]) => `${name}=${value}`);
  return {
    data: { ...view(app, apiUrl), ...(secretFilled !== undefined && { secretFilled }) },
    text: factSheet([
      ['Provider', app.provider],
      [
        'Used by',
        app.tenantId === undefined ? 'all tenants without one of their own' : `tenant ${app.tenantId}`,
      ],
      ...(hasClient(app)
        ? ([
            ['Client id', app.clientId],
            ['Client secret', secretFilled ? 'filled in' : 'missing: run hawser app set again'],
            ...addressesOf(await operator.findProvider(app.provider, app.tenantId), app, apiUrl),
          ] as const)
        : []),
      ['Settings', settings.join(', ') || 'none'],
      ...(app.server ? ([['Issuer', app.server.issuer]] as const) : []),
      ['Version', String(app.version)],
    ]),
  };
}

async function remove({ operator }: Call, provider: string, { tenant }: TenantOption): Promise<Shown> {
  await operator.removeApp(provider, tenant);
  return { data: { provider, removed: true }, text: `The app at ${provider} has been removed.\n` };
}

/** Collects repeated `--setting` options. */
function addSetting(pair: string, before: Settings): Settings {
  const [, name, value] = /^([A-Za-z][A-Za-z0-9]*)=(.*)$/s.exec(pair) ?? [];
  if (name === undefined || value === undefined) throw new UsageError('A --setting is NAME=VALUE.');
  if (Object.hasOwn(before, name)) throw new UsageError('A --setting is given twice.');
  return { ...before, [name]: value };
}

/** Each app has its own redirect URI, which prevents mix-up attacks (RFC 9700 section 4.4). */
function redirectUri({ appId }: ProviderApp, apiUrl: string): string {
  return `${apiUrl}/integrations/callback/${appId}`;
}

/** The URLs to enter at the platform. */
function addressesOf(
  provider: Provider,
  app: ProviderApp,
  apiUrl: string,
): readonly (readonly [string, string])[] {
  const webhook = webhookOf(provider, app.settings);
  const at = (kind: string) => `${apiUrl}/integrations/${kind}/${app.appId}`;
  return [
    ['Redirect URI', redirectUri(app, apiUrl)],
    ...(webhook ? ([['Webhook URL', at('webhook')]] as const) : []),
    ...(webhook?.callbacks
      ? ([
          ['Deauthorize URL', at('deauthorize')],
          ['Data deletion URL', at('data-deletion')],
        ] as const)
      : []),
  ];
}

function view(app: ProviderApp, apiUrl: string) {
  const { secretId: _, clientId, server, ...rest } = app;
  return {
    ...rest,
    ...(hasClient(app) && { clientId, redirectUri: redirectUri(app, apiUrl) }),
    ...(server && { issuer: server.issuer }),
  };
}
