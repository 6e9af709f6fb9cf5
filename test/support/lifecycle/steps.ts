/** What the fault tests do again and again: let a token run out, ask until there is one, look at what became of it. */
import { expect } from 'vitest';
import type { SealedConnection } from '../../../lib/connections/connection.ts';
import { IntegrationError } from '../../../lib/errors.ts';
import { refreshError } from '../../../lib/integrations/lifecycle/refresh-errors.ts';
import { isFailure } from '../../../lib/integrations/lifecycle/refresh-outcome.ts';
import { refreshConnection as refreshToOutcome } from '../../../lib/integrations/lifecycle/refresh-token.ts';
import { type AccessToken, getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import type { Instance } from './function-instance.ts';
import { accountOf, type LifecycleFixture } from './lifecycle-fixture.ts';

/** How long TikTok's access tokens live in the sandbox. */
export const lifetimeMilliseconds = 7_200_000;

/** A connection whose access token has just run out. What was told of its beginning is out of the way. */
export async function expiredConnection(
  fixture: LifecycleFixture,
  instance: Instance,
): Promise<SealedConnection> {
  const connection = await fixture.connect(instance);
  fixture.time.advance(lifetimeMilliseconds);
  await fixture.queues.empty('events');
  fixture.platform.control({ command: 'reset_calls' });
  return connection;
}

/** Refreshes as the API does: with the connection as it is then, or the error that its caller would get. */
export async function refreshConnection(
  deps: Instance['deps'],
  connection: SealedConnection,
): Promise<SealedConnection> {
  const outcome = await refreshToOutcome(deps, connection);
  if (isFailure(outcome)) throw refreshError(outcome);
  return outcome.connection;
}

/** Asks with new instances, as patiently as each answer says, until there is a token. */
export function askUntilServed(
  fixture: LifecycleFixture,
  connection: SealedConnection,
): Promise<AccessToken> {
  return askUntilDone(fixture, ({ deps }) => getAccessToken(deps, accountOf(connection)));
}

/** The same for anything else. */
export async function askUntilDone<Result>(
  fixture: LifecycleFixture,
  ask: (instance: Instance) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 0; attempt < 12; attempt += 1) {
    const instance = fixture.newInstance();
    await fixture.queues.work('rescue', instance);
    try {
      return await ask(instance);
    } catch (error) {
      if (!(error instanceof IntegrationError) || error.retryAfterSeconds === undefined) throw error;
      fixture.time.advance(error.retryAfterSeconds * 1_000);
    }
  }
  throw new Error('It was refused, however often it was asked for.');
}

/** The record as it is now. */
export async function recordOf(
  fixture: LifecycleFixture,
  { tenantId, provider, accountId }: SealedConnection,
): Promise<SealedConnection | undefined> {
  return fixture.newInstance().deps.connections.get(tenantId, provider, accountId);
}

/** The error that work ends with, which must be one of ours. */
export async function failureOf(work: Promise<unknown>): Promise<IntegrationError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof IntegrationError) return error;
    throw error;
  }
  throw new Error('This was expected to fail.');
}

/** The platform saw no two token calls of a grant at once, and no token that it had spent. */
export function expectNoRace(fixture: LifecycleFixture): void {
  for (const grant of fixture.platform.calls().grants) {
    expect(grant).toMatchObject({ refreshTokenReuses: 0, codeReuses: 0 });
    expect(grant.maxTokenCallsInFlight).toBeLessThanOrEqual(1);
  }
}

/** How many token calls the platform has seen since the connection was made or the calls were reset. */
export function tokenCalls(fixture: LifecycleFixture): number {
  return fixture.platform.calls().latest.filter(({ grantType }) => grantType === 'refresh_token').length;
}
