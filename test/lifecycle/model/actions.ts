/** The actions of the model on a connection, alone or concurrent; each runs in an instance that may die at any step. */
import type { SealedConnection } from '../../../lib/connections/connection.ts';
import { IntegrationError } from '../../../lib/errors.ts';
import type { AccountId } from '../../../lib/ids.ts';
import { disconnectIntegration } from '../../../lib/integrations/disconnect/disconnect-integration.ts';
import { refreshToken } from '../../../lib/integrations/lifecycle/refresh-token.ts';
import { type AccessToken, getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import type { Revocation } from '../../../lib/vocabulary.ts';
import type { LifecycleFixture } from '../../support/lifecycle/lifecycle-fixture.ts';
import { runUntil } from '../../support/lifecycle/process.ts';
import { tenantId, tiktok, user } from '../../support/lifecycle/tenant-at-platform.ts';

export const people = ['mira', 'jose'] as const;
export type Person = (typeof people)[number];

export interface Act {
  readonly kind: 'connect' | 'read' | 'refresh' | 'disconnect' | 'sweep';
  readonly person: Person;
  /** Steps until the instance dies; it survives when absent. */
  readonly diesAfter: number | undefined;
}

/** How an action ended. */
export type Ended =
  | { readonly kind: 'died' }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'connected'; readonly connection: SealedConnection }
  | { readonly kind: 'served'; readonly token: AccessToken; readonly at: number }
  | { readonly kind: 'refreshed' | 'swept' }
  | { readonly kind: 'disconnected'; readonly revocation: Revocation };

/** The platform's account ids of people, known once they have connected. */
export type Accounts = Map<Person, AccountId>;

/** Performs an action and returns how it ended. Errors that are not Hawser's fail the test. */
export async function perform(fixture: LifecycleFixture, accounts: Accounts, act: Act): Promise<Ended> {
  try {
    const { result } = await runUntil(act.diesAfter, () => dispatch(fixture, accounts, act));
    return result === 'died' ? { kind: 'died' } : result;
  } catch (error) {
    if (!(error instanceof IntegrationError)) throw error;
    return { kind: 'refused', code: error.code };
  }
}

async function dispatch(
  fixture: LifecycleFixture,
  accounts: Accounts,
  { kind, person }: Act,
): Promise<Ended> {
  const instance = fixture.newInstance();
  const { deps } = instance;
  if (kind === 'connect') {
    const connection = await fixture.connect(instance, person);
    accounts.set(person, connection.accountId);
    return { kind: 'connected', connection };
  }
  if (kind === 'sweep') {
    await fixture.queues.sweep(instance);
    await fixture.queues.work('refresh', instance);
    await fixture.queues.work('rescue', instance);
    return { kind: 'swept' };
  }
  const accountId = accounts.get(person) ?? ('nobody' as AccountId);
  const account = { tenantId, userId: user, provider: tiktok, accountId };
  switch (kind) {
    case 'read': {
      const token = await getAccessToken(deps, account);
      return { kind: 'served', token, at: fixture.time.now() };
    }
    case 'refresh':
      await refreshToken(deps, account);
      return { kind: 'refreshed' };
    case 'disconnect': {
      const { revocation } = await disconnectIntegration(deps, account);
      return { kind: 'disconnected', revocation };
    }
  }
}
