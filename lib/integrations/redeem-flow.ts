/**
 * Redeems a flow's code and stores what it gives. The code is taken out of the flow first and used once: what can be
 * prepared is prepared before, and after an ambiguous answer the flow fails rather than tries again.
 */
import type { SealedConnection } from '../connections/connection.ts';
import { type ErrorCode, IntegrationError } from '../errors.ts';
import type { Flow, FlowOutcome } from '../flows/flow.ts';
import { type AccountId, type GrantId, isOpaqueId, newGrantId } from '../ids.ts';
import type { Failure, TokenSet } from '../oauth/outcome.ts';
import type { Account } from '../providers/account.ts';
import type { OAuthProvider } from '../providers/definition.ts';
import type { Secret } from '../telemetry/secret.ts';
import { tell } from './connection-events.ts';
import { flowContext } from './flow-secrets.ts';
import { type FlowParts, openPlatform } from './parts.ts';
import { discardTokens, revokeReplaced } from './revoke.ts';
import { storeConnection } from './store-connection.ts';

type Failed = FlowOutcome & { readonly kind: 'failed' };

/** Answers how the flow ended, or `taken` when somebody else had taken the code. */
export async function redeemFlow(
  parts: FlowParts,
  flow: Flow,
  code: Secret,
  step: { readonly from: 'held' } | { readonly from: 'pending'; readonly nonce: string },
): Promise<FlowOutcome | 'taken'> {
  const platform = await openPlatform(parts, flow, flow);
  // Once the platform has answered, sealing must not fail for want of a key.
  const sealer = await parts.vault.sealerFor(flow.tenantId);
  const verifier =
    flow.sealedVerifier &&
    (await parts.vault.decryptToken(flow.sealedVerifier, flowContext(flow, 'verifier')));
  const nonce = step.from === 'pending' ? step.nonce : undefined;
  if (!(await parts.flows.redeem(flow.id, step.from, nonce))) return 'taken';

  const outcome = await connect();
  if (!(await recorded(outcome))) parts.log('warn', 'flow outcome not recorded', { flowId: flow.id });
  if (outcome.kind === 'connected') parts.count('connect_completed', { provider: flow.provider });
  else parts.count('callback_failed', { provider: flow.provider, reason: outcome.reason ?? 'unknown' });
  return outcome;

  /** The outcome is true whether or not it could be written down; a repeat of the request would only not learn it. */
  async function recorded(outcome: FlowOutcome): Promise<boolean> {
    return parts.flows.finish(flow.id, outcome).catch(() => false);
  }

  async function connect(): Promise<FlowOutcome> {
    const granted = await platform.ask((adapter) =>
      adapter.exchangeCodeForToken({
        code,
        redirectUri: flow.redirectUri,
        ...(verifier && { verifier }),
        ...(flow.nonce !== undefined && { nonce: flow.nonce }),
      }),
    );
    if (granted.kind !== 'granted') {
      // "Too early" answers a renewal; as the answer to a code it tells nothing.
      return failedExchange(
        granted.kind === 'unchanged' ? { kind: 'unknown', reason: 'unreadable_answer' } : granted,
      );
    }
    const { tokens } = granted;
    const scopes = tokens.scopes ?? flow.scopes;
    const accounts = await identify(platform.provider, tokens, scopes);
    if ('kind' in accounts) return accounts;
    return store(platform.provider, tokens, scopes, accounts);
  }

  /** Whom the tokens speak for, or why that cannot be told for certain. */
  async function identify(
    provider: OAuthProvider,
    tokens: TokenSet,
    scopes: readonly string[],
  ): Promise<readonly Account[] | Failed> {
    const refuse = async (code: ErrorCode, reason: string): Promise<Failed> => {
      await discardTokens(parts, platform, { context: flow.context, owner: tokens.subject, tokens });
      return { kind: 'failed', code, reason };
    };
    if (!provider.scopes.required.every((scope) => scopes.includes(scope))) {
      return refuse('ACCESS_DENIED', 'required_scope_missing');
    }
    if (scopes.some((scope) => !flow.scopes.includes(scope)))
      parts.count('scopes_unrequested', { provider: provider.id });
    const profile = await platform.ask((adapter) =>
      adapter.getUserProfile(tokens.accessToken, scopes, tokens.account),
    );
    if (profile.kind !== 'accounts') return refuse('OAUTH_CALLBACK_ERROR', 'profile_unavailable');
    const { accounts } = profile;
    if (accounts.length === 0) return refuse('OAUTH_CALLBACK_ERROR', 'no_account');
    if (!accounts.every((account) => isOpaqueId(account.accountId)))
      return refuse('OAUTH_CALLBACK_ERROR', 'account_id');
    // The token answer and the profile must speak of the same person (OpenID Connect Core section 5.3.2).
    if (tokens.subject !== undefined && !accounts.every((account) => ownerOf(account) === tokens.subject)) {
      return refuse('OAUTH_CALLBACK_ERROR', 'subject_mismatch');
    }
    if (
      flow.expectedAccount !== undefined &&
      !accounts.some((account) => account.accountId === flow.expectedAccount)
    ) {
      return refuse('ACCOUNT_MISMATCH', 'account_mismatch');
    }
    return accounts;
  }

  async function store(
    provider: OAuthProvider,
    tokens: TokenSet,
    scopes: readonly string[],
    accounts: readonly Account[],
  ): Promise<FlowOutcome> {
    const grantId = newGrantId();
    const stored: AccountId[] = [];
    const replaced: SealedConnection[] = [];
    const discard = () =>
      discardTokens(parts, platform, {
        context: flow.context,
        owner: accounts[0] && ownerOf(accounts[0]),
        tokens,
      });
    try {
      for (const account of accounts) {
        const result = await storeConnection(parts.connections, sealer, {
          recipient: {
            tenantId: flow.tenantId,
            userId: flow.userId,
            provider: flow.provider,
            context: flow.context,
            linking: flow.completion === 'direct' ? 'direct' : 'confirmed',
            requestedScopes: flow.scopes,
            flowBeganAt: flow.createdAt,
          },
          grantId,
          account,
          owner: ownerOf(account),
          tokens,
          scopes,
          lifetimeSeconds: tokens.expiresInSeconds ?? provider.tokens.assumedLifetimeSeconds,
          refreshable: provider.tokens.refresh !== 'none' && tokens.refreshToken !== undefined,
          now: parts.now(),
        });
        if (result.kind === 'taken') continue;
        await tell(parts, result.connection);
        stored.push(result.connection.accountId);
        if (result.replaced) replaced.push(result.replaced);
      }
    } catch (error) {
      if (!(error instanceof IntegrationError)) throw error;
      if (stored.length === 0) {
        // A write whose answer was lost may stand after all; its tokens must then live.
        if (!(await mayBeStored(accounts, grantId))) await discard();
        return { kind: 'failed', code: 'OAUTH_CALLBACK_ERROR', reason: 'not_stored' };
      }
    }
    if (stored.length === 0) {
      await discard();
      return { kind: 'failed', code: 'ACCOUNT_ALREADY_CONNECTED', reason: 'account_taken' };
    }
    await revokeReplaced(parts, platform, replaced);
    return { kind: 'connected', accounts: stored };
  }

  async function mayBeStored(accounts: readonly Account[], grantId: GrantId): Promise<boolean> {
    try {
      const found = await Promise.all(
        accounts.map(({ accountId }) =>
          parts.connections.get(flow.tenantId, flow.provider, accountId as AccountId),
        ),
      );
      return found.some((connection) => connection?.grantId === grantId);
    } catch {
      return true;
    }
  }
}

function ownerOf(account: Account): string {
  return account.owner ?? account.accountId;
}

/** A code works once, so whatever went wrong, only a new flow can help: never an error that says to repeat the request. */
function failedExchange(failure: Failure): Failed {
  const reasons = {
    reconnect_required: 'code_refused',
    misconfigured: 'misconfigured',
    retryable: 'platform_unavailable',
    unknown: 'answer_lost',
  } as const satisfies Record<Failure['kind'], string>;
  return { kind: 'failed', code: 'OAUTH_CALLBACK_ERROR', reason: reasons[failure.kind] };
}
