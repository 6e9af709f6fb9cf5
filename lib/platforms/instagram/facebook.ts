/**
 * What Instagram does unlike all others for those who log in with Facebook: one consent of a Facebook user opens the
 * Instagram accounts of all their Pages. The user's token is refreshed; each account works with its Page's token.
 */
import { createHmac } from 'node:crypto';
import * as z from 'zod/mini';
import type { Failure, RevocationOutcome, TokenOutcome } from '../../oauth/outcome.ts';
import type {
  PlatformAccess,
  PlatformAdapter,
  ProfileOutcome,
} from '../../providers/adapter/platform-adapter.ts';
import type { Secret } from '../../telemetry/secret.ts';
import { graphId } from './account.ts';
import { isDeadToken } from './errors.ts';
import {
  afterwards,
  callGraph,
  type ExchangedToken,
  exchangeToken,
  failureOf,
  type GraphRequest,
  readGraph,
} from './graph.ts';
import { readAccounts } from './pages.ts';

/** With the calls that follow it, the redemption fits into one gateway request of 30 s. */
const redemptionTimeoutMilliseconds = 6_000;
/** With the Pages that are read after it, a refresh stays below the duration of a lease. */
const refreshTimeoutMilliseconds = 5_000;
/** Long-lived user tokens are documented to live about 60 days. */
const documentedLifetimeSeconds = 5_184_000;

const user = z.object({ id: graphId });
const permissions = z.object({ data: z.array(z.object({ permission: z.string(), status: z.string() })) });
/** Zero for never; at most what a date can hold. */
const epochSeconds = z.int().check(z.gte(0), z.lte(253_402_300_799));
const inspection = z.object({
  data: z.object({
    expires_at: z.optional(epochSeconds),
    data_access_expires_at: z.optional(epochSeconds),
  }),
});

/** Proof that a call comes from the app's server: https://developers.facebook.com/docs/graph-api/guides/secure-requests */
export function appSecretProof(appSecret: Secret, token: Secret): string {
  return createHmac('sha256', appSecret.reveal()).update(token.reveal()).digest('hex');
}

/** What takes the place of the default adapter for Facebook Login. */
export function adaptInstagramFacebook(
  _standard: PlatformAdapter,
  platform: PlatformAccess,
): Pick<PlatformAdapter, 'exchangeCodeForToken' | 'getUserProfile' | 'refreshAccessToken' | 'revokeAccess'> {
  const { server, app } = platform;
  const { endpoints } = server;
  const client = { client_id: app.clientId, client_secret: app.clientSecret.reveal() };

  return {
    async exchangeCodeForToken({ code, redirectUri }) {
      const short = await exchangeToken(platform, {
        url: endpoints.token,
        query: { ...client, redirect_uri: redirectUri, code: code.reveal() },
        timeoutMilliseconds: redemptionTimeoutMilliseconds,
        // A code works once, and a lost answer may have used it.
        tries: 1,
      });
      if (short.kind !== 'exchanged') return short;
      const long = await prolong(short.token, {});
      if (long.kind !== 'exchanged') return afterwards(long);
      return describeGrant(long);
    },

    async getUserProfile(accessToken): Promise<ProfileOutcome> {
      const [me, found, inspected] = await Promise.all([
        readUser(accessToken),
        readAccounts(platform, signed(accessToken)),
        inspect(accessToken),
      ]);
      if (me.kind !== 'user') return me;
      if (found.kind !== 'accounts') return found;
      const seconds = inspected?.data_access_expires_at;
      // Only a new login moves this end, which comes about 90 days after the user was last active.
      const metadata = seconds ? { data_access_expires_at: new Date(seconds * 1000).toISOString() } : {};
      return {
        kind: 'accounts',
        accounts: found.accounts.map((account) => ({
          ...account,
          platformUserId: me.id,
          metadata: { ...account.metadata, ...metadata },
        })),
      };
    },

    async refreshAccessToken(spent, accountId): Promise<TokenOutcome> {
      const refreshed = await prolong(spent, { timeoutMilliseconds: refreshTimeoutMilliseconds, tries: 1 });
      if (refreshed.kind !== 'exchanged') return refreshed;
      const [found, lifetime] = await Promise.all([
        readAccounts(platform, signed(refreshed.token), accountId),
        lifetimeOf(refreshed),
      ]);
      if (found.kind !== 'accounts') return afterwards(found);
      const account = found.accounts.find((one) => one.accountId === accountId);
      // The user lives, but no Page of theirs holds this account any more, or none that they let us see.
      if (!account?.accessToken) return { kind: 'reconnect_required', reason: 'page_gone' };
      return {
        kind: 'granted',
        tokens: {
          accessToken: account.accessToken,
          refreshToken: refreshed.token,
          tokenType: 'Bearer',
          ...lifetime,
        },
      };
    },

    async revokeAccess({ accessToken, refreshToken }): Promise<RevocationOutcome> {
      // The grant is the user's, so it is the user's token that ends it.
      const answer = await callGraph(platform, {
        url: endpoints.revocation,
        method: 'DELETE',
        // The caller retries the disconnect.
        tries: 1,
        ...signed(refreshToken ?? accessToken),
      });
      if (answer.kind === 'answered' && answer.status < 300 && saysTrue(answer.body))
        return { kind: 'revoked' };
      const failure = failureOf(platform, answer);
      // A token that is dead already has nothing left to revoke.
      if (isDeadToken(failure)) return { kind: 'revoked' };
      return failure.kind === 'unknown' ? { kind: 'retryable', reason: failure.reason } : failure;
    },
  };

  /** The same call makes a short-lived token long-lived and a long-lived one live longer. */
  function prolong(
    token: Secret,
    how: Pick<GraphRequest, 'timeoutMilliseconds' | 'tries'>,
  ): Promise<ExchangedToken | Failure> {
    return exchangeToken(platform, {
      url: endpoints.token,
      query: { grant_type: 'fb_exchange_token', ...client, fb_exchange_token: token.reveal() },
      ...how,
    });
  }

  /** Users may untick single permissions, so what was granted is read back; and whose grant it is. */
  async function describeGrant(long: ExchangedToken): Promise<TokenOutcome> {
    const [me, given, lifetime] = await Promise.all([
      readUser(long.token),
      readGraph(platform, { url: endpoints.others?.['permissions'], ...signed(long.token) }),
      lifetimeOf(long),
    ]);
    if (me.kind !== 'user') return afterwards(me);
    if (given.kind !== 'read') return afterwards(given);
    const parsed = permissions.safeParse(given.body);
    if (!parsed.success) return { kind: 'unknown', reason: 'unreadable_answer' };
    // The public profile comes with every login and is nothing that was asked for.
    const scopes = parsed.data.data.filter(
      ({ permission, status }) => status === 'granted' && permission !== 'public_profile',
    );
    return {
      kind: 'granted',
      tokens: {
        accessToken: long.token,
        refreshToken: long.token,
        tokenType: 'Bearer',
        ...lifetime,
        scopes: scopes.map(({ permission }) => permission),
        subject: me.id,
      },
    };
  }

  async function readUser(token: Secret): Promise<{ readonly kind: 'user'; readonly id: string } | Failure> {
    const answer = await readGraph(platform, {
      url: endpoints.others?.['user'],
      ...signed(token, { fields: 'id' }),
    });
    if (answer.kind !== 'read') return answer;
    const parsed = user.safeParse(answer.body);
    return parsed.success
      ? { kind: 'user', id: parsed.data.id }
      : { kind: 'retryable', reason: 'unreadable_answer' };
  }

  /** An answer without a lifetime may mean a token without an end; the platform's inspection endpoint says which. */
  async function lifetimeOf({ token, expiresInSeconds }: ExchangedToken) {
    if (expiresInSeconds !== undefined) return { expiresInSeconds };
    const endsAt = (await inspect(token))?.expires_at;
    if (endsAt === 0) return {};
    if (endsAt === undefined) return { expiresInSeconds: documentedLifetimeSeconds };
    return { expiresInSeconds: Math.max(Math.floor(endsAt - platform.now() / 1000), 1) };
  }

  /** What the platform knows about a token, asked in the app's own name; nothing when it does not say. */
  async function inspect(token: Secret) {
    const answer = await readGraph(platform, {
      url: endpoints.others?.['inspection'],
      query: { input_token: token.reveal() },
      bearer: `${client.client_id}|${client.client_secret}`,
      tries: 1,
    });
    return answer.kind === 'read' ? inspection.safeParse(answer.body).data?.data : undefined;
  }

  function signed(
    token: Secret,
    query: Readonly<Record<string, string>> = {},
  ): Pick<GraphRequest, 'bearer' | 'query'> {
    return {
      bearer: token.reveal(),
      query: { ...query, appsecret_proof: appSecretProof(app.clientSecret, token) },
    };
  }
}

/** `true`, or `{"success":true}`, depending on the version. */
function saysTrue(body: string): boolean {
  return /^\s*(?:true|\{\s*"success"\s*:\s*true\s*\})\s*$/.test(body);
}
