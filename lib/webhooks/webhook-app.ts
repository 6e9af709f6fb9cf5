/**
 * The provider app behind a context, as its secret alone tells it: no database is asked before a signature is good.
 * Contexts that do not exist are remembered for a while, and looked up no faster than so many a second; those of shared
 * apps, whose names everybody knows, always, so that no flood of other names drowns them.
 */
import * as z from 'zod/mini';
import type { SecretSource } from '../aws/secret-source.ts';
import { appIdPattern } from '../ids.ts';
import { webhookOf } from '../providers/provider.ts';
import type { Providers } from '../providers/providers.ts';
import type {
  ReceivingApp,
  SignedWith,
  WebhookDefinition,
  WebhookSecrets,
} from '../providers/webhook-definition.ts';
import { Secret } from '../telemetry/secret.ts';

export interface WebhookApp extends ReceivingApp {
  readonly provider: string;
  /** How its platform's webhooks are checked and read; absent where it sends none. */
  readonly webhook: WebhookDefinition | undefined;
  readonly clientSecrets: readonly Secret[];
  readonly webhookSecrets: readonly Secret[];
  readonly verifyTokens: readonly Secret[];
}

const text = z.exactOptional(z.string());
const record = z.object({
  provider: z.string(),
  clientId: z.string(),
  clientSecret: z.string(),
  previousClientSecret: text,
  webhookSecret: text,
  previousWebhookSecret: text,
  verifyToken: text,
  settings: text,
});
const settingsRecord = z.record(z.string(), z.string());

/** Unknown contexts that are looked up in a second, at most; beyond that they are unknown without a look. */
const lookUpsPerSecond = 20;

export function createWebhookApps(deps: {
  readonly secrets: SecretSource;
  readonly prefix: string;
  readonly providers: Providers;
  readonly now: () => number;
}) {
  const known = new Set<string>();
  /** What was read from a secret, for as long as that very value is kept in memory. */
  const read = new WeakMap<object, WebhookApp>();
  let familiar: string | undefined;
  let second = 0;
  let lookUps = 0;

  /** The app, or nothing when there is none. @throws IntegrationError `VAULT_ERROR` when that cannot be told. */
  return async (appId: string): Promise<WebhookApp | undefined> => {
    if (!appIdPattern.test(appId)) return undefined;
    const isShared = (await deps.providers.find(undefined, appId)) !== undefined;
    const mayFind = mayLookUp(known.has(appId) || isShared);
    // Memory is asked for another one where none is looked up, because that takes as long.
    const asked = mayFind ? appId : familiar;
    if (asked === undefined) return undefined;
    const value = await deps.secrets.find(`${deps.prefix}${asked}`);
    if (typeof value !== 'object' || value === null) return undefined;
    const app = read.get(value) ?? (await keep(asked, value));
    return mayFind ? app : undefined;
  };

  async function keep(appId: string, value: object): Promise<WebhookApp | undefined> {
    const app = await parseApp(deps.providers, value);
    if (!app) return undefined;
    read.set(value, app);
    known.add(appId);
    familiar = appId;
    return app;
  }

  function mayLookUp(isKnown: boolean): boolean {
    const current = Math.floor(deps.now() / 1000);
    if (current !== second) lookUps = 0;
    second = current;
    lookUps += isKnown ? 0 : 1;
    return isKnown || lookUps <= lookUpsPerSecond;
  }
}

/** What a provider's webhooks are checked against. */
export function webhookSecrets(app: WebhookApp, signedWith: SignedWith): Omit<WebhookSecrets, 'armed'> {
  const signing = {
    clientSecret: app.clientSecrets,
    webhookSecret: app.webhookSecrets,
    either: [...app.clientSecrets, ...app.webhookSecrets],
  };
  return { signing: signing[signedWith], verifyTokens: app.verifyTokens };
}

async function parseApp(providers: Providers, value: object): Promise<WebhookApp | undefined> {
  const { data: app } = record.safeParse(value);
  if (!app || app.clientSecret === '') return undefined;
  const settings = settingsOf(app.settings);
  return {
    provider: app.provider,
    clientId: app.clientId,
    settings,
    webhook: await describedBy(providers, app.provider, settings),
    clientSecrets: secretsOf(app.clientSecret, app.previousClientSecret),
    webhookSecrets: secretsOf(app.webhookSecret, app.previousWebhookSecret),
    verifyTokens: secretsOf(app.verifyToken),
  };
}

function settingsOf(json = '{}'): Readonly<Record<string, string>> {
  try {
    return settingsRecord.safeParse(JSON.parse(json)).data ?? {};
  } catch {
    return {};
  }
}

/** Settings were checked when the app was registered; what has become wrong since takes no webhooks. */
async function describedBy(providers: Providers, id: string, settings: Readonly<Record<string, string>>) {
  const provider = await providers.find(undefined, id);
  try {
    return webhookOf(provider, settings);
  } catch {
    return undefined;
  }
}

function secretsOf(...texts: readonly (string | undefined)[]): readonly Secret[] {
  return texts.flatMap((one) => (one === undefined || one === '' ? [] : [new Secret(one)]));
}
