/**
 * Probes whether a session that a user lent still works. Once per due date and never repeated: at such platforms a
 * wrong probe can end the session it asks about.
 */
import type { Connection, SealedConnection } from '../../connections/connection.ts';
import { type Decision, unlessOvertaken } from '../../connections/connection-change.ts';
import { claimProbe } from '../../connections/reschedule.ts';
import { recover, requireReconnect } from '../../connections/transitions.ts';
import type { ProviderApp } from '../../provider-apps/provider-app.ts';
import type { Values } from '../../providers/adapter/fill.ts';
import type { ProfileOutcome } from '../../providers/adapter/platform-adapter.ts';
import type { ProbedProvider } from '../../providers/provider.ts';
import type { Secret } from '../../telemetry/secret.ts';
import type { ConnectionDeps } from '../deps.ts';
import { openAccessToken } from '../platform/credentials.ts';
import { publishPending } from './event-outbox.ts';
import { refreshPolicyOf } from './refresh-policy-of.ts';

/** Where a connection's credentials are proven, and its variables: frozen when they were first proven. */
export type ProbeTarget = NonNullable<SealedConnection['probeTarget']>;

/** Where the credentials of an app's connections are proven. */
export function probeTargetOf(provider: ProbedProvider, app: ProviderApp, variables: Values): ProbeTarget {
  return { url: provider.probe.urlAt({ ...app.settings, ...variables }), variables };
}

/** Shows credentials to their platform, once. */
export async function probe(
  deps: Pick<ConnectionDeps, 'apps' | 'providers' | 'http' | 'now'>,
  provider: ProbedProvider,
  {
    appId,
    secret,
    target,
  }: {
    readonly appId: SealedConnection['appId'];
    readonly secret: Secret;
    readonly target: ProbeTarget | undefined;
  },
): Promise<ProfileOutcome> {
  const app = await deps.apps.get(appId);
  if (app?.provider !== provider.id) return { kind: 'misconfigured', reason: 'app_not_registered' };
  const { url, variables } = target ?? probeTargetOf(provider, app, {});
  return provider.probe.look(secret, {
    url,
    settings: { ...app.settings, ...variables },
    http: deps.http,
    now: deps.now,
  });
}

export async function probeSession(
  deps: ConnectionDeps,
  provider: ProbedProvider,
  connection: SealedConnection,
): Promise<'probed' | 'ended' | 'postponed'> {
  const { now, random } = deps;
  const claim = claimProbe(connection, { policy: refreshPolicyOf(provider), now: now(), random });
  // A worker that comes at the same time loses the claim, and does not probe.
  const claimed = await deps.connections.claim(connection, claim.change);
  if (!claimed) return 'postponed';
  const secret = await openAccessToken(deps.vault, claimed);
  const outcome = await probe(deps, provider, { appId: claimed.appId, secret, target: claimed.probeTarget });
  switch (outcome.kind) {
    case 'reconnect_required': {
      const { reason } = outcome;
      await record(deps, claimed, (current) => requireReconnect(current, { reason, now: now() }));
      return 'ended';
    }
    case 'accounts': {
      const isItself = outcome.accounts.some(({ accountId }) => accountId === claimed.accountId);
      if (isItself) await record(deps, claimed, (current) => recover(current, now()));
      return 'probed';
    }
    case 'misconfigured':
      deps.count('refresh_misconfigured', { provider: provider.id, reason: outcome.reason });
      return 'postponed';
    default:
      return 'postponed';
  }
}

async function record(
  deps: ConnectionDeps,
  claimed: SealedConnection,
  decide: (current: Connection) => Decision,
): Promise<void> {
  const recorded = await deps.connections.update(claimed, unlessOvertaken(claimed, decide));
  if (recorded.kind === 'changed') await publishPending(deps, recorded.connection);
}
