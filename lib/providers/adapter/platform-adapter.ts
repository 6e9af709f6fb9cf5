/** What every platform can be asked. The default adapter answers, or a provider's own functions do. */
import type { Failure, RevocationOutcome, TokenAccount, TokenOutcome } from '../../oauth/outcome.ts';
import type { ClientRegistration, OAuthServer } from '../../oauth/server.ts';
import type { CodeRedemption } from '../../oauth/token/token-request.ts';
import type { PlatformHttp } from '../../platform-http/platform-http.ts';
import type { Secret } from '../../telemetry/secret.ts';
import type { Account } from '../account.ts';

export type ProfileOutcome = { readonly kind: 'accounts'; readonly accounts: readonly Account[] } | Failure;

/** Every answer is an outcome; nothing is thrown for what a platform says. */
export interface PlatformAdapter {
  /** Redeems an authorization code, once. */
  exchangeCodeForToken(redemption: CodeRedemption): Promise<TokenOutcome>;
  /**
   * Spends what a connection is refreshed with: the refresh token, or the long-lived token itself.
   * @param accountId the account whose token is wanted, where each account of a grant has its own.
   */
  refreshAccessToken(spent: Secret, accountId: string): Promise<TokenOutcome>;
  /**
   * The accounts that a token speaks for.
   * @param named the account that came with the tokens, where the token answer names one.
   */
  getUserProfile(
    accessToken: Secret,
    scopes: readonly string[],
    named?: TokenAccount,
  ): Promise<ProfileOutcome>;
  /** Ends access at the platform, with whichever of the tokens it wants to see. */
  revokeAccess(tokens: {
    readonly accessToken: Secret;
    readonly refreshToken?: Secret;
  }): Promise<RevocationOutcome>;
}

/** A provider app as the platform knows it. */
export interface AppRegistration extends ClientRegistration {
  readonly settings: Readonly<Record<string, string>>;
}

/** What a provider's own functions work with. */
export interface PlatformAccess {
  readonly server: OAuthServer;
  readonly app: AppRegistration;
  readonly http: PlatformHttp;
  readonly now: () => number;
}

/** What the probe of a platform without OAuth works with. */
export interface CredentialsAccess {
  /** What is asked: frozen into the connection when its credentials were first proven. */
  readonly url: string;
  /** The app's settings and the connection's variables. */
  readonly settings: Readonly<Record<string, string>>;
  readonly http: PlatformHttp;
  readonly now: () => number;
}
