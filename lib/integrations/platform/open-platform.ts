/** The way from a record to its platform: the provider, the app's registration and its secret, put together for a call. */
import { IntegrationError } from '../../errors.ts';
import type { AppId, ProviderId, TenantId } from '../../ids.ts';
import { callTimeoutMilliseconds } from '../../platform-http/platform-http.ts';
import { readClientSecret } from '../../provider-apps/provider-app.ts';
import { createAdapter, type PlatformTarget } from '../../providers/adapter/adapter.ts';
import { type Values, withVariables } from '../../providers/adapter/fill.ts';
import type { PlatformAdapter } from '../../providers/adapter/platform-adapter.ts';
import type { ConsentProvider } from '../../providers/provider.ts';
import type { ConnectionDeps } from '../deps.ts';
import { findConsentProvider, targetOf } from './find-provider.ts';

/** A platform of one provider app, opened for a flow or a connection. */
export interface OpenPlatform {
  readonly provider: ConsentProvider;
  /** Where the platform is; frozen into the connection together with what the platform grants. */
  readonly target: PlatformTarget;
  /** @param deadline the second question is not asked when it might not be answered by then. */
  ask<Outcome extends { readonly kind: string }>(
    question: (platform: PlatformAdapter) => Promise<Outcome>,
    deadline?: number,
  ): Promise<Outcome>;
  /** The same platform for a connection whose variables have arrived with the token answer. */
  at(variables: Values): OpenPlatform;
}

/** A flow or a connection. Its frozen target wins over what the app's registration says now. */
interface PlatformUser {
  readonly provider: ProviderId;
  readonly appId: AppId;
  readonly tenantId: TenantId;
  readonly target?: PlatformTarget;
}

/**
 * Asks a platform something on behalf of one provider app. When the platform refuses the client secret in memory,
 * the secret is read afresh and the question asked once more: a refused client has spent nothing.
 */
export async function openPlatform(
  deps: Pick<ConnectionDeps, 'apps' | 'providers' | 'secrets' | 'http' | 'now'>,
  user: PlatformUser,
  frozen?: { readonly clientId: string; readonly appVersion: number },
): Promise<OpenPlatform> {
  const provider = await findConsentProvider(deps.providers, user);
  const app = await deps.apps.get(user.appId);
  if (
    !app ||
    app.provider !== provider.id ||
    (app.tenantId !== undefined && app.tenantId !== user.tenantId)
  ) {
    throw new IntegrationError(
      'OAUTH_INIT_ERROR',
      'The provider app of this connection is no longer registered.',
    );
  }
  if (frozen && (frozen.clientId !== app.clientId || frozen.appVersion !== app.version)) {
    throw new IntegrationError('OAUTH_INIT_ERROR', 'This provider app was registered anew. Start again.');
  }
  const connect = (target: PlatformTarget, clientSecret: Awaited<ReturnType<typeof readClientSecret>>) =>
    createAdapter({
      provider,
      target,
      app: { clientId: app.clientId, clientSecret, settings: app.settings },
      http: deps.http,
      now: deps.now,
    });
  const known = await readClientSecret(deps.secrets, app);

  const openAt = (target: PlatformTarget): OpenPlatform => ({
    provider,
    target,
    async ask(question, deadline = Number.POSITIVE_INFINITY) {
      const outcome = await question(connect(target, known));
      if (outcome.kind !== 'misconfigured') return outcome;
      const fresh = await readClientSecret(deps.secrets, app, true);
      const inTime = deps.now() + callTimeoutMilliseconds < deadline;
      return fresh.reveal() === known.reveal() || !inTime ? outcome : question(connect(target, fresh));
    },
    at(variables) {
      const endpoints = withVariables(provider.data, target.endpoints, variables);
      return openAt({ ...target, endpoints, variables: { ...target.variables, ...variables } });
    },
  });
  return openAt(user.target ?? targetOf(provider, app, {}));
}
