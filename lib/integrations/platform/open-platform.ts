/** The way from a record to its platform: the provider, the app's registration and its secret, put together for a call. */
import { IntegrationError } from '../../errors.ts';
import type { AppId, ProviderId, TenantId } from '../../ids.ts';
import { callTimeoutMilliseconds } from '../../platform-http/platform-http.ts';
import { readClientSecret } from '../../provider-apps/provider-app.ts';
import { createAdapter, type PlatformTarget } from '../../providers/adapter/adapter.ts';
import type { PlatformAdapter } from '../../providers/adapter/platform-adapter.ts';
import type { ConsentProvider } from '../../providers/provider.ts';
import type { ConnectionDeps } from '../deps.ts';
import { findConsentProvider, targetOf } from './find-provider.ts';

/** A platform of one provider app, opened for a connection. */
export type OpenPlatform = Awaited<ReturnType<typeof openPlatform>>;

/**
 * Asks a platform something on behalf of one provider app. When the platform refuses the client secret in memory,
 * the secret is read afresh and the question asked once more: a refused client has spent nothing.
 */
export async function openPlatform(
  deps: Pick<ConnectionDeps, 'apps' | 'providers' | 'secrets' | 'http' | 'now'>,
  connection: { readonly provider: ProviderId; readonly appId: AppId; readonly tenantId: TenantId },
  frozen?: { readonly target: PlatformTarget; readonly clientId: string; readonly appVersion: number },
): Promise<{
  readonly provider: ConsentProvider;
  /** @param deadline the second question is not asked when it might not be answered by then. */
  ask<Outcome extends { readonly kind: string }>(
    question: (platform: PlatformAdapter) => Promise<Outcome>,
    deadline?: number,
  ): Promise<Outcome>;
}> {
  const provider = await findConsentProvider(deps.providers, connection);
  const app = await deps.apps.get(connection.appId);
  if (
    !app ||
    app.provider !== provider.id ||
    (app.tenantId !== undefined && app.tenantId !== connection.tenantId)
  ) {
    throw new IntegrationError(
      'OAUTH_INIT_ERROR',
      'The provider app of this connection is no longer registered.',
    );
  }
  if (frozen && (frozen.clientId !== app.clientId || frozen.appVersion !== app.version)) {
    throw new IntegrationError('OAUTH_INIT_ERROR', 'This provider app was registered anew. Start again.');
  }
  const target = frozen?.target ?? targetOf(provider, app, {});
  const connect = (clientSecret: Awaited<ReturnType<typeof readClientSecret>>) =>
    createAdapter({
      provider,
      target,
      app: { clientId: app.clientId, clientSecret, settings: app.settings },
      http: deps.http,
      now: deps.now,
    });
  const known = await readClientSecret(deps.secrets, app);

  return {
    provider,
    async ask(question, deadline = Number.POSITIVE_INFINITY) {
      const outcome = await question(connect(known));
      if (outcome.kind !== 'misconfigured') return outcome;
      const fresh = await readClientSecret(deps.secrets, app, true);
      const inTime = deps.now() + callTimeoutMilliseconds < deadline;
      return fresh.reveal() === known.reveal() || !inTime ? outcome : question(connect(fresh));
    },
  };
}
