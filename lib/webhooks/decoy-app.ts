/**
 * The decoy: a stand-in for apps that do not exist. The receiver verifies requests to an unknown app under a random
 * secret, so that the response time does not reveal whether the app exists.
 */
import { token } from '../ids.ts';
import type { Registry } from '../platforms/registry.ts';
import { webhookOf } from '../providers/provider.ts';
import type { WebhookDefinition } from '../providers/webhook-definition.ts';
import type { SignedRequest } from '../signatures/verification.ts';
import { Secret } from '../telemetry/secret.ts';
import type { WebhookApp } from './webhook-app.ts';

/** An app and its platform's webhook definition. */
export interface AppWebhook {
  readonly app: WebhookApp;
  readonly webhook: WebhookDefinition;
}

export type Decoy = (appId: string, request: SignedRequest) => AppWebhook;

/** @throws Error when no provider has webhooks. */
export function createDecoy(registry: Registry): Decoy {
  const webhooks = registry.all.flatMap((provider) => webhookOf(provider, {}) ?? []);
  const [first] = webhooks;
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
  /** Uses the scheme of the provider that the app id names, or else the scheme whose header the request carries. */
  return (appId, { headers }) => {
    const pretended = webhooks.find(
      ({ scheme }) => typeof scheme === 'object' && headers[scheme.signature.header] !== undefined,
    );
    return { app, webhook: webhookOf(registry.find(appId), {}) ?? pretended ?? first };
  };
}
