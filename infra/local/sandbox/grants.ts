/**
 * The codes, grants and tokens of a sandbox platform: what was approved, what is still good, what was spent.
 * Every change is stored before the answer that depends on it leaves.
 */
import { randomBytes } from 'node:crypto';
import type { Grant, PendingCode, State } from './state-file.ts';

/** How long the platform's secrets last. A refresh token without an end has `null`. */
export interface Lifetimes {
  readonly accessTokenSeconds: number;
  readonly refreshTokenSeconds: number | null;
  readonly codeSeconds: number;
}

/** Picks grants by the account's key or the platform's id of it, and by client; all when empty. */
export interface GrantFilter {
  readonly account?: string | undefined;
  readonly clientId?: string | undefined;
}

/** New credentials of a grant, as a token answer carries them. */
export interface Issued {
  readonly grant: Grant;
  readonly accessToken: string;
  /** Present when this answer hands out a refresh token the client has not seen. */
  readonly newRefreshToken?: string;
}

/** An access token of a grant. */
export type HeldToken = Grant['accessTokens'][number] & { readonly grant: Grant };

/** What a presented refresh token turned out to be. */
export type Presented =
  | { readonly kind: 'live' | 'spent' | 'expired'; readonly grant: Grant }
  | { readonly kind: 'unknown' };

export type Approval = Omit<PendingCode, 'code' | 'grantId' | 'expiresAt' | 'spent'>;

export interface GrantsOptions {
  readonly state: State;
  readonly save: () => void;
  readonly now: () => number;
  readonly lifetimes: () => Lifetimes;
  readonly mint: {
    readonly code: () => string;
    readonly access: () => string;
    readonly refresh: () => string;
  };
  /** Called when a client sends a code or a refresh token again after it was spent. */
  readonly onReuse: (
    what: 'code' | 'refresh_token',
    owner: { readonly grantId: string; readonly account: string },
  ) => void;
  /** Called with the grants that a user or a client has ended. */
  readonly onEnd: (grants: readonly Grant[], by: 'user' | 'client') => void;
}

/** Whose secret it is. */
export type Located = Pick<PendingCode, 'grantId' | 'account' | 'subject'>;

export type Grants = ReturnType<typeof openGrants>;

/** Spent refresh tokens remembered per grant, so that reuse differs from nonsense while the memory stays bounded. */
const spentTokensRemembered = 50;

export function openGrants({ state, save, now, lifetimes, mint, onReuse, onEnd }: GrantsOptions) {
  const byToken = new Map<string, Grant>();
  for (const grant of state.grants) for (const token of tokensOf(grant)) byToken.set(token, grant);

  const inSeconds = (seconds: number) => now() + seconds * 1000;

  function giveRefreshToken(grant: Grant): string {
    const seconds = lifetimes().refreshTokenSeconds;
    const token = mint.refresh();
    grant.refreshToken = { token, expiresAt: seconds === null ? null : inSeconds(seconds) };
    byToken.set(token, grant);
    return token;
  }

  function giveAccessToken(
    grant: Grant,
    seconds = lifetimes().accessTokenSeconds,
    token = mint.access(),
  ): string {
    keepAccessTokens(grant, (held) => held.expiresAt > now() && held.token !== token);
    grant.accessTokens.push({ token, expiresAt: inSeconds(seconds), issuedAt: now() });
    byToken.set(token, grant);
    return token;
  }

  function keepAccessTokens(grant: Grant, keep: (held: Grant['accessTokens'][number]) => boolean): void {
    for (const held of grant.accessTokens) if (!keep(held)) byToken.delete(held.token);
    grant.accessTokens = grant.accessTokens.filter(keep);
  }

  /** Records a consent and gives out its code. */
  function approve(approval: Approval): string {
    const code = mint.code();
    const grantId = `g_${randomBytes(9).toString('base64url')}`;
    state.codes = state.codes.filter(({ expiresAt }) => expiresAt > now());
    state.codes.push({
      ...approval,
      code,
      grantId,
      expiresAt: inSeconds(lifetimes().codeSeconds),
      spent: false,
    });
    save();
    return code;
  }

  /** The consent behind a code that may still be redeemed. */
  function presentCode(code: string): PendingCode | undefined {
    const pending = state.codes.find((candidate) => candidate.code === code);
    if (pending?.spent) onReuse('code', pending);
    return pending === undefined || pending.spent || pending.expiresAt <= now() ? undefined : pending;
  }

  /** Spends a code for the first credentials of its grant; the access token may have a lifetime of its own. */
  function redeem(pending: PendingCode, accessTokenSeconds?: number): Issued {
    pending.spent = true;
    const { grantId: id, clientId, account, subject, scopes } = pending;
    const grant: Grant = {
      id,
      clientId,
      account,
      subject,
      scopes,
      grantedAt: now(),
      spentRefreshTokens: [],
      accessTokens: [],
    };
    state.grants.push(grant);
    const accessToken = giveAccessToken(grant, accessTokenSeconds);
    const newRefreshToken = pending.refreshable ? giveRefreshToken(grant) : undefined;
    save();
    return { grant, accessToken, ...(newRefreshToken && { newRefreshToken }) };
  }

  /** Looks a refresh token up, and reports one that was spent before. */
  function presentRefreshToken(token: string): Presented {
    const grant = byToken.get(token);
    if (grant === undefined) return { kind: 'unknown' };
    const held = grant.refreshToken;
    if (held?.token === token) {
      return { kind: held.expiresAt === null || held.expiresAt > now() ? 'live' : 'expired', grant };
    }
    if (!grant.spentRefreshTokens.includes(token)) return { kind: 'unknown' };
    onReuse('refresh_token', { grantId: grant.id, account: grant.account });
    return { kind: 'spent', grant };
  }

  /** Gives a grant a new access token and, when it rotates, a new refresh token: the old one is dead at once. */
  function refresh(grant: Grant, how: { readonly rotate: boolean }): Issued {
    const accessToken = giveAccessToken(grant);
    const spent = grant.refreshToken?.token;
    const newRefreshToken = how.rotate && spent !== undefined ? giveRefreshToken(grant) : undefined;
    if (newRefreshToken && spent) {
      grant.spentRefreshTokens.push(spent);
      for (const forgotten of grant.spentRefreshTokens.splice(0, -spentTokensRemembered)) {
        byToken.delete(forgotten);
      }
    }
    save();
    return { grant, accessToken, ...(newRefreshToken && { newRefreshToken }) };
  }

  /** Gives a grant a further access token that the platform has made itself, or one it holds a new lifetime. */
  function issue(grant: Grant, token: string, seconds: number): string {
    giveAccessToken(grant, seconds, token);
    save();
    return token;
  }

  /** The grant whose refresh token this is now, expired or not; a spent one is not meant. */
  function ofRefreshToken(token: string): Grant | undefined {
    const grant = byToken.get(token);
    return grant?.refreshToken?.token === token ? grant : undefined;
  }

  /** The grant of an access token that is still good. */
  function ofAccessToken(token: string): Grant | undefined {
    const grant = byToken.get(token);
    const held = grant?.accessTokens.find((candidate) => candidate.token === token);
    return held && held.expiresAt > now() ? grant : undefined;
  }

  /** An access token with its times, for as long as its grant remembers it: it may have expired. */
  function heldAccessToken(token: string): HeldToken | undefined {
    const grant = byToken.get(token);
    const held = grant?.accessTokens.find((candidate) => candidate.token === token);
    return grant && held && { grant, ...held };
  }

  /** Ends one access token and leaves its grant alone. */
  function endAccessToken(token: string): void {
    const grant = byToken.get(token);
    if (grant) keepAccessTokens(grant, (held) => held.token !== token);
    save();
  }

  /** Ends one grant with all its tokens. */
  function endGrant(grant: Grant): void {
    for (const token of tokensOf(grant)) byToken.delete(token);
    state.grants = state.grants.filter(({ id }) => id !== grant.id);
    save();
  }

  /** Ends grants with all their tokens, and the unspent codes that would give new ones. Answers how many ended. */
  function end(filter: GrantFilter, by: 'user' | 'client'): number {
    const ended = state.grants.filter((grant) => matches(grant, filter));
    for (const token of ended.flatMap(tokensOf)) byToken.delete(token);
    state.grants = state.grants.filter((grant) => !matches(grant, filter));
    state.codes = state.codes.filter((pending) => pending.spent || !matches(pending, filter));
    save();
    onEnd(ended, by);
    return ended.length;
  }

  /** Lets the tokens of one kind run out now. Answers how many were still good. */
  function expire(kind: 'access' | 'refresh', filter: GrantFilter): number {
    let expired = 0;
    for (const grant of state.grants.filter((candidate) => matches(candidate, filter))) {
      const held = grant.refreshToken;
      if (kind === 'access') {
        expired += grant.accessTokens.filter(({ expiresAt }) => expiresAt > now()).length;
        for (const access of grant.accessTokens) access.expiresAt = Math.min(access.expiresAt, now());
      } else if (held && (held.expiresAt === null || held.expiresAt > now())) {
        expired += 1;
        held.expiresAt = now();
      }
    }
    save();
    return expired;
  }

  /** Finds the grant of a secret of any kind, valid or not. */
  function locate(secret: string): Located | undefined {
    const grant = byToken.get(secret);
    if (grant) return { grantId: grant.id, account: grant.account, subject: grant.subject };
    return state.codes.find(({ code }) => code === secret);
  }

  return {
    approve,
    presentCode,
    redeem,
    presentRefreshToken,
    refresh,
    issue,
    heldAccessToken,
    ofRefreshToken,
    ofAccessToken,
    endAccessToken,
    end,
    endGrant,
    expire,
    locate,
  };
}

function matches(owner: Pick<Grant, 'account' | 'subject' | 'clientId'>, filter: GrantFilter): boolean {
  const { account, clientId } = filter;
  return (
    (account === undefined || owner.account === account || owner.subject === account) &&
    (clientId === undefined || owner.clientId === clientId)
  );
}

function tokensOf({ refreshToken, spentRefreshTokens, accessTokens }: Grant): readonly string[] {
  return [
    ...(refreshToken ? [refreshToken.token] : []),
    ...spentRefreshTokens,
    ...accessTokens.map(({ token }) => token),
  ];
}
