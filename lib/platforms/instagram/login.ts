/**
 * What Instagram does unlike all others for those who log in on Instagram itself: the token of a code lives an hour
 * and is exchanged for one of sixty days, which can be exchanged for a fresh one, though not on its first day.
 */
import * as z from 'zod/mini';
import type { Failure, TokenOutcome } from '../../oauth/outcome.ts';
import type { PlatformAccess, PlatformAdapter } from '../../providers/adapter/platform-adapter.ts';
import type { ProfileReading } from '../../providers/provider.ts';
import type { Secret } from '../../telemetry/secret.ts';
import { describeAccount, graphId, professional } from './account.ts';
import {
  afterwards,
  callGraph,
  type ExchangedToken,
  exchangeToken,
  readExchange,
  readGraph,
} from './graph.ts';

export const loginProfileFields = [
  'id',
  'user_id',
  'username',
  'name',
  'account_type',
  'profile_picture_url',
  'followers_count',
  'follows_count',
  'media_count',
];

const me = z.extend(professional, {
  /** The user as this app sees them. */
  id: graphId,
  /** The professional account, as webhooks and publishing know it. */
  user_id: graphId,
  account_type: z.optional(z.string()),
});

/** Longest wait for a refresh; together with the profile call that may follow it stays below the duration of a lease. */
const refreshTimeoutMilliseconds = 6_000;

/** The platform's documents show token and profile answers both as they are and as the one entry of `data`. */
function unwrap(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const [first]: unknown[] = Array.isArray(body['data']) ? body['data'] : [];
  return typeof first === 'object' && first !== null ? { ...first } : body;
}

/**
 * Permissions are the scopes; they come as a list or as text. The answer's `user_id` is left aside: documents differ
 * on which of the two ids it is, and the profile names both.
 */
export function readLoginTokens(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { permissions, ...tokens } = unwrap(body);
  const granted = Array.isArray(permissions) ? permissions.join(',') : permissions;
  return granted === undefined ? tokens : { ...tokens, scope: granted };
}

/** The professional account, whose id webhooks and publishing use; the app-scoped id is its owner. */
export function readLoginProfile(body: Readonly<Record<string, unknown>>): ProfileReading {
  const parsed = me.safeParse(unwrap(body));
  if (!parsed.success) return { kind: 'error', code: 'unreadable' };
  const { id, user_id: accountId, account_type, ...fields } = parsed.data;
  const account = describeAccount(accountId, fields, {
    app_scoped_id: id,
    account_type,
    flavour: 'instagram_login',
  });
  return { kind: 'accounts', accounts: [{ ...account, platformUserId: id }] };
}

/** What is laid over the default adapter for Instagram Login. */
export function adaptInstagramLogin(
  standard: PlatformAdapter,
  platform: PlatformAccess,
): Partial<PlatformAdapter> {
  const { endpoints } = platform.server;

  return {
    /**
     * Both steps or nothing: a token that ends within the hour and cannot be refreshed would look like a connection and
     * be none. Its consent costs the user a click to repeat.
     */
    async exchangeCodeForToken(redemption) {
      const short = await standard.exchangeCodeForToken(redemption);
      if (short.kind !== 'granted') return short;
      const long = await exchangeToken(platform, {
        url: endpoints.others?.['longLived'],
        query: {
          grant_type: 'ig_exchange_token',
          client_secret: platform.app.clientSecret.reveal(),
          access_token: short.tokens.accessToken.reveal(),
        },
      });
      if (long.kind !== 'exchanged') return afterwards(long);
      return granted(long, short.tokens.scopes);
    },

    async refreshAccessToken(spent) {
      const answer = await callGraph(platform, {
        url: endpoints.others?.['refresh'],
        query: { grant_type: 'ig_refresh_token', access_token: spent.reveal() },
        timeoutMilliseconds: refreshTimeoutMilliseconds,
        tries: 1,
      });
      const refreshed = readExchange(platform, answer);
      if (refreshed.kind === 'exchanged') return granted(refreshed);
      const refused = answer.kind === 'answered' && answer.status >= 400 && answer.status < 500;
      const doubtful = refreshed.kind === 'reconnect_required' || refreshed.reason === 'unrecognised_error';
      return refused && doubtful ? judgeRefusal(spent, refreshed) : refreshed;
    },
  };

  /**
   * How a token on its first day is refused is not documented, so the token itself is asked. One that still opens its
   * profile is not dead and has the one permission that a refresh needs: it was refused for being too young.
   */
  async function judgeRefusal(token: Secret, refusal: Failure): Promise<TokenOutcome> {
    const look = await readGraph(platform, {
      url: endpoints.profile,
      query: { fields: 'id' },
      bearer: token.reveal(),
      tries: 1,
    });
    if (look.kind === 'read') return { kind: 'unchanged' };
    if (look.kind === 'reconnect_required') return look;
    return refusal.kind === 'reconnect_required'
      ? { kind: 'retryable', reason: 'refusal_unconfirmed' }
      : refusal;
  }
}

/** The token is its own refresh token, and is kept as both. */
function granted(exchanged: ExchangedToken, scopes?: readonly string[]): TokenOutcome {
  const { token, expiresInSeconds } = exchanged;
  return {
    kind: 'granted',
    tokens: {
      accessToken: token,
      refreshToken: token,
      tokenType: 'Bearer',
      ...(expiresInSeconds !== undefined && { expiresInSeconds }),
      ...(scopes && { scopes }),
    },
  };
}
