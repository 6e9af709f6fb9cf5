/**
 * Loads a provider app from its secret alone, so that no database call happens before a signature is verified. A rate
 * limit bounds the look-ups of unknown app ids, whose absence is cached for a while. Shared apps, whose ids are public,
 * are exempt, so that a flood of invented ids cannot starve them.
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
  /** Verifies and reads its platform's webhooks; undefined when the platform sends none. */
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

/** The most look-ups of unknown app ids in a second; beyond it an unknown id is refused without one. */
const lookUpsPerSecond = 20;

export function createWebhookApps(deps: {
  readonly secrets: SecretSource;
  readonly prefix: string;
  readonly providers: Providers;
  readonly now: () => number;
}) {
  const known = new Set<string>();
  /** Parsed apps, each kept for as long as the secret source caches the value it was parsed from. */
  const read = new WeakMap<object, WebhookApp>();
  let familiar: string | undefined;
  let second = 0;
  let lookUps = 0;

  /** The app, or undefined when it does not exist. @throws IntegrationError `VAULT_ERROR` when the look-up fails. */
  return async (appId: string): Promise<WebhookApp | undefined> => {
    if (!appIdPattern.test(appId)) return undefined;
    const isShared = (await deps.providers.find(undefined, appId)) !== undefined;
    const mayFind = mayLookUp(known.has(appId) || isShared);
    // A refused id reads a known app from the cache instead, so that it takes as long.
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

/** The secrets that verify an app's webhooks. */
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

/** Registration checked the settings; an app whose settings have become invalid since receives no webhooks. */
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
