/** Whom tokens speak for: an identity on a platform, as tenants see it. */
import type { Secret } from '../telemetry/secret.ts';

/** An identity on the platform, as its profile endpoint describes it. */
export interface Account {
  /** The platform's stable id; never an email address or a name that can change hands. */
  readonly accountId: string;
  readonly displayName: string;
  /** May be signed and short-lived; shown, not kept. */
  readonly avatarUrl?: string;
  /** The platform's id of the user whose consent covers this account; the account's own id when absent. */
  readonly platformUserId?: string;
  /** What else the tenant may want to see, such as a handle or a verified flag. Never secrets, never contact data. */
  readonly metadata: Readonly<Record<string, string | number | boolean>>;
  /** Where each account of a grant has its own token; otherwise all share the grant's. */
  readonly accessToken?: Secret;
}

/** The platform's id of the user whose consent covers the account. */
export function platformUserOf(account: Pick<Account, 'platformUserId' | 'accountId'>): string {
  return account.platformUserId ?? account.accountId;
}
