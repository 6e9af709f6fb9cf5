/** One provider before its sandbox platform, as the conformance suite meets it: consents, adapters, and an eye for leaks. */

import { inspect } from 'node:util';
import { expect } from 'vitest';
import type { Fault } from '../../../infra/local/sandbox/control/control.ts';
import type { Sandbox, SandboxOptions } from '../../../infra/local/sandbox/sandbox.ts';
import { approve, type Visit } from '../../../infra/local/sandbox/visitor/consent-visitor.ts';
import { token } from '../../../lib/ids.ts';
import type { TokenOutcome, TokenSet } from '../../../lib/oauth/outcome.ts';
import { createPkce, type Pkce } from '../../../lib/oauth/pkce.ts';
import {
  createPlatformHttp,
  type Origins,
  type PlatformHttp,
  rewriteOrigin,
} from '../../../lib/platform-http/platform-http.ts';
import { createAdapter, getAuthUrl } from '../../../lib/providers/adapter/adapter.ts';
import { endpointsOf } from '../../../lib/providers/adapter/fill.ts';
import type { PlatformAdapter } from '../../../lib/providers/adapter/platform-adapter.ts';
import { urlsOf } from '../../../lib/providers/definition/consistency.ts';
import type { ConsentProvider } from '../../../lib/providers/provider.ts';
import { Secret } from '../../../lib/telemetry/secret.ts';
import { isSilence, patienceMilliseconds, silenceMilliseconds } from '../silence.ts';

type Target = Parameters<typeof getAuthUrl>[1];

export interface Subject {
  readonly provider: ConsentProvider;
  readonly start: (options: SandboxOptions) => Promise<Sandbox>;
  /** What the sandbox stands in for; all origins of the definition when absent, as for a generated sandbox. */
  readonly originsOf?: (sandbox: Sandbox) => Origins;
  /** Where its endpoints are; as the definition says when absent. */
  readonly targetOf?: (sandbox: Sandbox, http: PlatformHttp) => Target | Promise<Target>;
  readonly settings: Readonly<Record<string, string>>;
  /** Asked for in each consent. */
  readonly scopes: readonly string[];
  /** Some of them, enough to read the profile. */
  readonly fewerScopes: readonly string[];
  /** Two people, by their keys on the consent page. */
  readonly people: readonly [string, string];
  /** An account of the first of them, where each account of a grant is refreshed by itself. */
  readonly account?: string;
  /** How the platform takes the revocation of what is already gone; nothing where it has none. */
  readonly revokingTwice?: 'revoked' | 'misconfigured';
  /** Whether tokens are refreshed without a word about the client. */
  readonly refreshesWithoutClient?: boolean;
}

export const redirectUri = 'http://localhost:8787/integrations/callback/one';
export const otherRedirectUri = 'http://localhost:8787/integrations/callback/two';
export const registration = { clientId: 'harbour-app', clientSecret: 's4ndb0x-client-secret' };

/** What came of one consent. */
export interface Consent {
  readonly location: URL;
  readonly code: Secret;
  readonly pkce: Pkce | undefined;
  readonly nonce: string | undefined;
  readonly state: string;
}

export type Meeting = Awaited<ReturnType<typeof meet>>;

/** Starts the sandbox and everything that the suite does with it. */
export async function meet(subject: Subject) {
  const { provider, settings, scopes } = subject;
  const sandbox = await subject.start({
    clients: [{ ...registration, redirectUris: [redirectUri, otherRedirectUri] }],
    now: Date.now,
  });
  const origins = subject.originsOf?.(sandbox) ?? everyOriginOf(provider, sandbox.origin);
  const patient = createPlatformHttp({
    fetch,
    insecureOrigins: [sandbox.origin, sandbox.apiOrigin, ...Object.values(sandbox.furtherOrigins ?? {})],
    origins,
  });
  let silent = false;
  const http: PlatformHttp = (request) =>
    patient({ ...request, timeoutMilliseconds: silent ? silenceMilliseconds : patienceMilliseconds });
  const target = (await subject.targetOf?.(sandbox, http)) ?? targetOf(provider, settings);

  const adapterWith = (clientSecret: string) =>
    quiet(
      createAdapter({
        provider,
        target,
        app: { clientId: registration.clientId, clientSecret: new Secret(clientSecret), settings },
        http,
        now: Date.now,
      }),
    );
  const adapter = adapterWith(registration.clientSecret);

  async function consent(visit: Visit = {}): Promise<Consent> {
    const pkce = provider.consent.pkce === 'none' ? undefined : createPkce(provider.consent.pkce);
    const nonce = provider.consent.idToken ? token(32) : undefined;
    const state = `${token(16)}.${token(32)}.${token(32)}`;
    const url = getAuthUrl(provider, target, {
      clientId: registration.clientId,
      redirectUri,
      state,
      scopes,
      ...(pkce && { challenge: pkce.challenge }),
      ...(nonce !== undefined && { nonce }),
    });
    const location = new URL(
      await approve(rewriteOrigin(url, origins).href, { account: subject.people[0], ...visit }, fetch),
    );
    return { location, code: new Secret(location.searchParams.get('code') ?? ''), pkce, nonce, state };
  }

  function exchange(
    { code, pkce, nonce }: Consent,
    by: PlatformAdapter = adapter,
    sentTo = redirectUri,
  ): Promise<TokenOutcome> {
    return by.exchangeCodeForToken({
      code,
      redirectUri: sentTo,
      ...(pkce && { verifier: pkce.verifier }),
      ...(nonce !== undefined && { nonce }),
    });
  }

  return {
    sandbox,
    target,
    adapter,
    stranger: adapterWith('s4ndb0x-wrong-secret'),
    consent,
    exchange,
    /** Tokens of a new consent. */
    connect: async (visit: Visit = {}) => granted(await exchange(await consent(visit))),
    inject: (endpoint: 'token' | 'revoke' | 'profile', fault: Fault, calls = 1): void => {
      silent ||= isSilence(fault);
      expect(sandbox.control({ command: 'inject', endpoint, calls, fault })).toMatchObject({ ok: true });
    },
  };
}

/** Every origin that a definition names, at one sandbox. */
function everyOriginOf({ data }: ConsentProvider, origin: string): Origins {
  return Object.fromEntries(urlsOf(data).map(([, url]) => [new URL(url).origin, origin]));
}

/** Where a platform is by its definition. */
function targetOf(provider: ConsentProvider, settings: Subject['settings']): Target {
  const endpoints = endpointsOf(provider.data, settings);
  if (!endpoints) throw new Error('This platform has no endpoints of its own.');
  return { endpoints, issuerInResponse: false };
}

/** The tokens of an outcome that has some. */
export function granted(outcome: TokenOutcome): TokenSet {
  if (outcome.kind !== 'granted') throw new Error(`The platform gave no tokens: ${JSON.stringify(outcome)}.`);
  return outcome.tokens;
}

/** The token that speaks for whoever consented; a refresh may give that of one account only. */
export function profileTokenOf(provider: ConsentProvider, tokens: TokenSet): Secret {
  return provider.consent.accounts === 'several' ? refreshTokenOf(tokens) : tokens.accessToken;
}

/** The refresh token, which the test knows to be there. */
export function refreshTokenOf({ refreshToken }: TokenSet): Secret {
  if (refreshToken === undefined) throw new Error('The platform gave no refresh token.');
  return refreshToken;
}

/** The adapter, whose every outcome and exception is searched for secrets. */
function quiet(adapter: PlatformAdapter): PlatformAdapter {
  const searched = async <Outcome>(asked: Promise<Outcome>): Promise<Outcome> => {
    try {
      const outcome = await asked;
      expectNoSecret(outcome);
      return outcome;
    } catch (error) {
      expectNoSecret(error);
      throw error;
    }
  };
  return {
    exchangeCodeForToken: (redemption) => searched(adapter.exchangeCodeForToken(redemption)),
    refreshAccessToken: (spent, accountId) => searched(adapter.refreshAccessToken(spent, accountId)),
    getUserProfile: (accessToken, scopes, named) =>
      searched(adapter.getUserProfile(accessToken, scopes, named)),
    revokeAccess: (tokens) => searched(adapter.revokeAccess(tokens)),
  };
}

function expectNoSecret(value: unknown): void {
  const printed = `${inspect(value, { depth: 12, showHidden: true })} ${JSON.stringify(value)} ${String(value)}`;
  expect(printed.includes('s4ndb0x'), 'row 19: an outcome holds a secret').toBe(false);
}
