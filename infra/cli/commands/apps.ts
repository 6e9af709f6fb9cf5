/** `hawser app …`: the OAuth clients registered at platforms, shared by all tenants or a tenant's own. */

import { hasClient } from '../../../lib/admin/apps.ts';
import { type Provider, webhookOf } from '../../../lib/providers/definition.ts';
import type { ProviderApp } from '../../../lib/tenants/provider-app.ts';
import { readSecrets } from '../terminal/secret-input.ts';
import { factSheet, textTable } from '../terminal/text-table.ts';
import { type Call, type Command, type Given, type Shown, UsageError } from './command.ts';

export const appCommands: readonly Command[] = [
  {
    usage:
      'app set PROVIDER [--tenant TENANT] [--client-id ID] [--webhook-secret] [--verify-token] [--setting NAME=VALUE ...] [--issuer URL]',
    summary:
      'Registers a provider app, or changes it; asks for the client secret, or reads it from a pipe. Prints the redirect URI to enter at the platform. A provider whose users give credentials has no client id and no secret. With --webhook-secret or --verify-token asks for these too; through a pipe they come together as JSON: {"clientSecret": "…", "verifyToken": "…"}. Secrets and settings that are not given stay as they were; --setting NAME= takes a setting away.',
    act: set,
  },
  { usage: 'app list [--tenant TENANT]', summary: "Lists the shared apps, or a tenant's own.", act: list },
  { usage: 'app show PROVIDER [--tenant TENANT]', summary: 'Shows an app, without its secret.', act: show },
  {
    usage: 'app remove PROVIDER [--tenant TENANT]',
    summary: 'Forgets an app and its secret; until it is set again, its connections can only be listed.',
    act: remove,
  },
];

async function set(call: Call): Promise<Shown> {
  const { operator, given, io, apiUrl } = call;
  const [provider = ''] = call.arguments;
  const settings = readSettings(given.setting ?? []);
  // Before anybody types a secret for nothing.
  const byCredentials = operator.requireProvider(provider).auth === 'credentials';
  const clientId = given['client-id'];
  if (!byCredentials && !clientId) throw new UsageError('--client-id is missing.');
  if (byCredentials && clientId !== undefined) {
    throw new UsageError(`The users of ${provider} give credentials: it takes no --client-id.`);
  }
  const owner = given.tenant !== undefined && { tenantId: given.tenant };
  const changed = await operator.settingsWith({ provider, settings, ...owner });
  refuseNeedlessSecrets(operator.requireProvider(provider), changed, given);
  const app = await operator.setApp({
    provider,
    ...(clientId && { clientId, ...(await readSecrets(io, secretsAsked(given))) }),
    settings,
    ...owner,
    ...(given.issuer !== undefined && { issuer: given.issuer }),
  });
  if (byCredentials) {
    return {
      data: view(app, apiUrl),
      text: `${provider} is on.\n`,
      note: 'Its users give credentials: there is nothing to enter at the platform.',
    };
  }
  return {
    data: view(app, apiUrl),
    text: `${redirectUri(app, apiUrl)}\n`,
    note: `The app is registered. Enter the line above at ${provider} as its redirect URI, exactly.`,
  };
}

/** What to read, by the names under which it is kept. */
function secretsAsked(given: Given) {
  return {
    clientSecret: 'client secret',
    ...(given['webhook-secret'] && { webhookSecret: 'webhook secret' }),
    ...(given['verify-token'] && { verifyToken: 'verify token' }),
  };
}

/** Nobody should give away a secret that nothing is checked with. */
function refuseNeedlessSecrets(provider: Provider, settings: ProviderApp['settings'], given: Given): void {
  const webhook = webhookOf(provider, settings);
  if (given['webhook-secret'] && (!webhook || webhook.signedWith === 'clientSecret')) {
    throw new UsageError(
      `No webhook of ${provider.id} is signed with a secret of its own: it takes no --webhook-secret.`,
    );
  }
  if (given['verify-token'] && !webhook?.handshake) {
    throw new UsageError(`${provider.id} asks for no verify token: it takes no --verify-token.`);
  }
}

async function list({ operator, given, apiUrl }: Call): Promise<Shown> {
  const apps = await operator.listApps(given.tenant);
  const rows = apps.map((app) =>
    hasClient(app) ? [app.provider, app.clientId, redirectUri(app, apiUrl)] : [app.provider, '-', '-'],
  );
  return {
    data: { apps: apps.map((app) => view(app, apiUrl)) },
    text: rows.length === 0 ? '' : textTable(['PROVIDER', 'CLIENT ID', 'REDIRECT URI'], rows),
    ...(rows.length === 0 && {
      note:
        given.tenant === undefined ? 'There are no shared apps yet.' : 'This tenant has no apps of its own.',
    }),
  };
}

async function show({ operator, arguments: [provider = ''], given, apiUrl }: Call): Promise<Shown> {
  const app = await operator.findApp(provider, given.tenant);
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
            ...addressesOf(operator.requireProvider(app.provider), app, apiUrl),
          ] as const)
        : []),
      ['Settings', settings.join(', ') || 'none'],
      ...(app.server ? ([['Issuer', app.server.issuer]] as const) : []),
      ['Version', String(app.version)],
    ]),
  };
}

async function remove({ operator, arguments: [provider = ''], given }: Call): Promise<Shown> {
  await operator.removeApp(provider, given.tenant);
  return { data: { provider, removed: true }, text: `The app at ${provider} has been removed.\n` };
}

function readSettings(given: readonly string[]): Readonly<Record<string, string>> {
  const settings = new Map<string, string>();
  for (const pair of given) {
    const [, name, value] = /^([A-Za-z][A-Za-z0-9]*)=(.*)$/s.exec(pair) ?? [];
    if (name === undefined || value === undefined) throw new UsageError('A --setting is NAME=VALUE.');
    if (settings.has(name)) throw new UsageError('A --setting is given twice.');
    settings.set(name, value);
  }
  return Object.fromEntries(settings);
}

/** Distinct for each context, so that one platform's answer can never pass for another's. */
function redirectUri({ context }: ProviderApp, apiUrl: string): string {
  return `${apiUrl}/integrations/callback/${context}`;
}

/** What is to be entered at the platform. */
function addressesOf(
  provider: Provider,
  app: ProviderApp,
  apiUrl: string,
): readonly (readonly [string, string])[] {
  const webhook = webhookOf(provider, app.settings);
  const at = (kind: string) => `${apiUrl}/integrations/${kind}/${app.context}`;
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
