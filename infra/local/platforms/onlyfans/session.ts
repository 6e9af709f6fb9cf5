/**
 * Browser sessions at the OnlyFans sandbox: what a log-in gives a browser, and what a browser that comes back must show.
 * A session is a grant whose access token is `sess`; all else in it follows from the grant, so that a restart keeps it.
 */
import { createHash } from 'node:crypto';
import type { Call, Platform } from '../../sandbox/dialect.ts';
import type { Modes } from './modes.ts';
import type { OnlyFansAccount } from './people.ts';

/** The one browser that people use here. */
export const userAgent =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';

/** The session of a browser, under the names of the fields in which a user would enter it. */
export type SessionValues = Readonly<
  Record<'auth_id' | 'sess' | 'x_bc' | 'user_agent', string> & { auth_uid?: string }
>;

/** Logs an account in with a browser of its own. */
export function logIn(account: OnlyFansAccount, { grants }: Platform<Modes>): SessionValues {
  const code = grants.approve({
    clientId: 'browser',
    account: account.key,
    subject: account.id,
    redirectUri: '',
    scopes: [],
    refreshable: false,
  });
  const pending = grants.presentCode(code);
  if (pending === undefined) throw new Error('The log-in was over before it began.');
  const { grant, accessToken } = grants.redeem(pending);
  return {
    auth_id: account.id,
    sess: accessToken,
    x_bc: browserTokenOf(grant.id),
    user_agent: userAgent,
    ...(account.secondFactor && { auth_uid: secondFactorOf(grant.id) }),
  };
}

/** Bound to the browser, and so to its session: `x-bc`. */
export function browserTokenOf(grantId: string): string {
  return `s4ndb0x${digest(`x-bc ${grantId}`).slice(0, 33)}`;
}

/** What the second step of the log-in left behind: `auth_uid_<id>`. */
export function secondFactorOf(grantId: string): string {
  return `s4ndb0x${digest(`auth_uid ${grantId}`).slice(0, 16)}`;
}

/** In the look of the real one: 26 lower-case letters and digits. */
export function mintSess(random: Uint8Array): string {
  return `s4ndb0x${createHash('sha256').update(random).digest('hex').slice(0, 19)}`;
}

/** The cookies of a call; the first of a name counts. */
export function cookiesOf(call: Call): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of (call.headers.cookie ?? '').split(/; */)) {
    const [, name, value] = /^([^=]+)=(.*)$/.exec(pair) ?? [];
    if (name !== undefined && value !== undefined && !cookies.has(name)) cookies.set(name, value);
  }
  return cookies;
}

function digest(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
