/**
 * The provider app behind a context, as its secret alone tells it: no database is asked before a signature is good.
 * Contexts that do not exist are remembered for a while, and looked up no faster than so many a second.
 */
import * as z from 'zod/mini';
import type { SecretSource } from '../aws/secret-source.ts';
import { contextIdPattern } from '../ids.ts';
import type { SignedWith, WebhookSecrets } from '../providers/webhook-definition.ts';
import { Secret } from '../telemetry/secret.ts';

export interface WebhookApp {
  readonly provider: string;
  readonly clientId: string;
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
});

/** Unknown contexts that are looked up in a second, at most; beyond that they are unknown without a look. */
const lookUpsPerSecond = 20;

export function createWebhookApps(parts: {
  readonly secrets: SecretSource;
  readonly prefix: string;
  readonly now: () => number;
}) {
  const known = new Set<string>();
  let second = 0;
  let lookUps = 0;

  /** The app, or nothing when there is none. @throws IntegrationError `VAULT_ERROR` when that cannot be told. */
  return async (context: string): Promise<WebhookApp | undefined> => {
    if (!contextIdPattern.test(context)) return undefined;
    if (!known.has(context) && !mayLookUp()) return undefined;
    const parsed = record.safeParse(await parts.secrets.find(`${parts.prefix}${context}`));
    if (!parsed.success || parsed.data.clientSecret === '') return undefined;
    known.add(context);
    const app = parsed.data;
    return {
      provider: app.provider,
      clientId: app.clientId,
      clientSecrets: secretsOf(app.clientSecret, app.previousClientSecret),
      webhookSecrets: secretsOf(app.webhookSecret, app.previousWebhookSecret),
      verifyTokens: secretsOf(app.verifyToken),
    };
  };

  function mayLookUp(): boolean {
    const current = Math.floor(parts.now() / 1000);
    if (current !== second) lookUps = 0;
    second = current;
    lookUps += 1;
    return lookUps <= lookUpsPerSecond;
  }
}

/** What a provider's webhooks are checked against. */
export function webhookSecrets(app: WebhookApp, signedWith: SignedWith): WebhookSecrets {
  const signing = {
    clientSecret: app.clientSecrets,
    webhookSecret: app.webhookSecrets,
    either: [...app.clientSecrets, ...app.webhookSecrets],
  };
  return { signing: signing[signedWith], verifyTokens: app.verifyTokens };
}

function secretsOf(...texts: readonly (string | undefined)[]): readonly Secret[] {
  return texts.flatMap((one) => (one === undefined || one === '' ? [] : [new Secret(one)]));
}
