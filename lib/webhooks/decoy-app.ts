/**
 * An app for contexts that have none. What comes to them is checked as everywhere else, under a secret that nobody
 * knows, so that the time until the refusal does not tell whether there is an app.
 */
import { token } from '../ids.ts';
import { webhookOf } from '../providers/provider.ts';
import type { Providers } from '../providers/providers.ts';
import type { WebhookDefinition } from '../providers/webhook-definition.ts';
import type { SignedRequest } from '../signatures/verification.ts';
import { Secret } from '../telemetry/secret.ts';
import type { WebhookApp } from './webhook-app.ts';

/** An app and how its platform's webhooks are told apart. */
export interface Receiver {
  readonly app: WebhookApp;
  readonly webhook: WebhookDefinition;
}

export type Decoy = (appId: string, request: SignedRequest) => Promise<Receiver>;

/** Loads the built-in platforms at once, so that the first request to a decoy takes no longer than others. */
export function createDecoy(providers: Providers): Decoy {
  const loading = loadWebhooks(providers);
  // A request meets the failure.
  loading.catch(() => undefined);
  return async (appId, { headers }) => {
    const { all, first, app } = await loading;
    const pretended = all.find(
      ({ scheme }) => typeof scheme === 'object' && headers[scheme.signature.header] !== undefined,
    );
    const named = webhookOf(await providers.find(undefined, appId), {});
    /** The scheme that the context's name promises, else the one that the request pretends to. */
    return { app, webhook: named ?? pretended ?? first };
  };
}

/** @throws Error when no provider has webhooks. */
async function loadWebhooks(providers: Providers) {
  const loaded = await Promise.all(providers.builtInIds.map((id) => providers.find(undefined, id)));
  const all = loaded.flatMap((provider) => webhookOf(provider, {}) ?? []);
  const [first] = all;
  if (!first) throw new Error('There is no provider with webhooks.');
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
