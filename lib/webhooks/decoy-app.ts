/**
 * An app for contexts that have none. What comes to them is checked as everywhere else, under a secret that nobody
 * knows, so that the time until the refusal does not tell whether there is an app.
 */
import { token } from '../ids.ts';
import type { Registry } from '../platforms/registry.ts';
import { webhookOf } from '../providers/provider.ts';
import type { WebhookDefinition } from '../providers/webhook-definition.ts';
import type { SignedRequest } from '../signatures/verification.ts';
import { Secret } from '../telemetry/secret.ts';
import type { WebhookApp } from './webhook-app.ts';

/** An app and how its platform's webhooks are told apart. */
export interface AppWebhook {
  readonly app: WebhookApp;
  readonly webhook: WebhookDefinition;
}

export type Decoy = (appId: string, request: SignedRequest) => AppWebhook;

/** @throws Error when no provider has webhooks. */
export function createDecoy(registry: Registry): Decoy {
  const webhooks = registry.all.flatMap((provider) => webhookOf(provider, {}) ?? []);
  const [first] = webhooks;
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
  /** The scheme that the context's name promises, else the one that the request pretends to. */
  return (appId, { headers }) => {
    const pretended = webhooks.find(
      ({ scheme }) => typeof scheme === 'object' && headers[scheme.signature.header] !== undefined,
    );
    return { app, webhook: webhookOf(registry.find(appId), {}) ?? pretended ?? first };
  };
}
