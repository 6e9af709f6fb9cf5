/**
 * Looks whether a session that a user lent still lives. One look, never repeated: at such platforms a wrong look can
 * end the session it asks about.
 */
import type { SealedConnection } from '../connections/connection.ts';
import type { CredentialsProvider } from '../providers/definition.ts';
import type { ProfileOutcome } from '../providers/platform-adapter.ts';
import { tell, untold } from './connection-events.ts';
import { openAccessToken } from './credentials.ts';
import type { ConnectionParts } from './parts.ts';
import { nextDueAt } from './refresh-schedule.ts';

/** Shows credentials to their platform, once. */
export async function probe(
  parts: Pick<ConnectionParts, 'apps' | 'registry' | 'http' | 'now'>,
  provider: CredentialsProvider,
  context: SealedConnection['context'],
  secret: Awaited<ReturnType<typeof openAccessToken>>,
): Promise<ProfileOutcome> {
  const app = await parts.apps.get(context);
  if (app?.provider !== provider.id) return { kind: 'misconfigured', reason: 'app_not_registered' };
  return provider.probe.look(secret, {
    settings: app.settings,
    http: parts.http,
    now: parts.now,
  });
}

export async function probeSession(
  parts: ConnectionParts,
  provider: CredentialsProvider,
  connection: SealedConnection,
): Promise<'probed' | 'ended' | 'postponed'> {
  // Whoever comes at the same time finds it not due any more, and does not look.
  const now = parts.now();
  const claimed = await parts.connections.claim(
    connection,
    nextDueAt(connection, provider, now, parts.random),
  );
  if (!claimed) return 'postponed';
  const secret = await openAccessToken(parts.vault, claimed);
  const outcome = await probe(parts, provider, claimed.context, secret);
  if (outcome.kind === 'reconnect_required') {
    const changed = await parts.connections.change(claimed, {
      status: 'reconnect_required',
      statusReason: outcome.reason,
      statusSince: now,
      ...untold('connection.reconnect_required', now),
    });
    if (changed) await tell(parts, changed);
    return 'ended';
  }
  if (outcome.kind === 'accounts') {
    const itself = outcome.accounts.some((account) => account.accountId === claimed.accountId);
    if (itself && claimed.status === 'misconfigured') {
      const changed = await parts.connections.change(claimed, {
        status: 'active',
        statusReason: undefined,
        statusSince: now,
        ...untold('connection.recovered', now),
      });
      if (changed) await tell(parts, changed);
    }
    return 'probed';
  }
  if (outcome.kind === 'misconfigured') {
    parts.count('refresh_misconfigured', { provider: provider.id, reason: outcome.reason });
  }
  return 'postponed';
}
