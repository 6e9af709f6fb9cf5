/**
 * The decoy: a stand-in for apps that do not exist. The receiver verifies requests to an unknown app under a random
 * secret, so that the response time does not reveal whether the app exists.
 */
import { token } from '../ids.ts';
import { webhookOf } from '../providers/provider.ts';
import type { Providers } from '../providers/providers.ts';
import type { WebhookDefinition } from '../providers/webhook-definition.ts';
import type { SignedRequest } from '../signatures/verification.ts';
import { Secret } from '../telemetry/secret.ts';
import type { WebhookApp } from './webhook-app.ts';

/** An app and its platform's webhook definition. */
export interface AppWebhook {
  readonly app: WebhookApp;
  readonly webhook: WebhookDefinition;
}

export type Decoy = (appId: string, request: SignedRequest) => Promise<AppWebhook>;

/** Loads the built-in platforms at once, so that the first request to a decoy takes no longer than others. */
export function createDecoy(providers: Providers): Decoy {
  const loading = loadWebhooks(providers);
  // The first request reports the failure.
  loading.catch(() => undefined);
  return async (appId, { headers }) => {
    const { all, first, app } = await loading;
    const pretended = all.find(
      ({ scheme }) => typeof scheme === 'object' && headers[scheme.signature.header] !== undefined,
    );
    const named = webhookOf(await providers.find(undefined, appId), {});
    /** Uses the scheme of the provider that the app id names, or else the scheme whose header the request carries. */
    return { app, webhook: named ?? pretended ?? first };
  };
}

/** @throws Error when no provider has webhooks. */
async function loadWebhooks(providers: Providers) {
  const loaded = await Promise.all(providers.builtInIds.map((id) => providers.find(undefined, id)));
  const all = loaded.flatMap((provider) => webhookOf(provider, {}) ?? []);
  const [first] = all;
  if (!first) throw new Error('No provider has webhooks.');
  const secrets = [new Secret(token(32))];
  const app: WebhookApp = {
    provider: '',
    clientId: '',
    settings: {},
    webhook: first,
    clientSecrets: secrets,
    webhookSecrets: secrets,
    verifyTokens: secrets,
  };
  return { all, first, app };
}
