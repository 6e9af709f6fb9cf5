/**
 * Makes a sandbox platform from a provider's data alone: it behaves as the data says and demands what the data promises.
 * It is the other side of the wire, so it shares no code with the adapter that the product builds from the same data.
 */
import { randomBytes } from 'node:crypto';
import type { Call, Dialect, Host, Platform, Route } from '../dialect.ts';
import { openRateBudget } from '../rate-budget.ts';
import { json } from '../reply.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../sandbox.ts';
import { authorizationOf } from './authorization.ts';
import type { GeneratedContext } from './context.ts';
import { type GeneratedPlatformFacts, standardRevocation } from './data/facts.ts';
import { filledOrigins, fitsVariables, hostsOf, pathPatternOf, urlRewriter } from './data/hosts.ts';
import { parseUrlTemplate } from './data/templates.ts';
import { openIdTokenIssuer } from './id-token.ts';
import { lifetimesOf, type Modes, modes } from './modes.ts';
import { people, subjectOf } from './people.ts';
import { answerProfileCall } from './profile.ts';
import { failureBody } from './refusals.ts';
import { answerRevocationCall } from './revocation.ts';
import { answerTokenCall, type TokenPurpose } from './token.ts';

type Endpoints = NonNullable<GeneratedPlatformFacts['endpoints']>;

export interface GeneratedSandbox extends Sandbox {
  /** The origin of each host of the data on this machine; `{variables}` stand in the names of hosts as written. */
  readonly origins: ReadonlyMap<string, string>;
  /** The same by real origins such as `https://my-shop.example.com`, with the connection's variables filled in. */
  readonly originsWith: (variables: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
  /** Where a URL of the platform leads on this machine; undefined for the URLs of others. */
  readonly rewriteUrl: (url: string) => string | undefined;
}

/** @throws when the data names no endpoints: what is discovered needs a server of its own. */
export async function startGeneratedPlatform(
  facts: GeneratedPlatformFacts,
  options: SandboxOptions,
): Promise<GeneratedSandbox> {
  if (facts.endpoints === undefined) throw new Error(`The data of ${facts.id} names no endpoints.`);
  const sandbox = await startSandbox(dialectOf(facts, facts.endpoints, options.now), options);
  const [web = '', ...further] = hostsOf(facts);
  const origins = new Map([
    [web, sandbox.origin],
    ...further.map((host) => [host, sandbox.furtherOrigins?.[host] ?? sandbox.origin] as const),
  ]);
  return {
    ...sandbox,
    origins,
    originsWith: (variables) => filledOrigins(origins, variables),
    rewriteUrl: urlRewriter(facts, origins),
  };
}

function dialectOf(facts: GeneratedPlatformFacts, endpoints: Endpoints, now: () => number): Dialect<Modes> {
  const mintSecret = (kind: string) => `${facts.id}_${kind}_s4ndb0x${randomBytes(32).toString('base64url')}`;
  const mintAccessToken = () => mintSecret('at');
  const issuer = facts.issuers[0] ?? new URL(endpoints.token.replace(/[{}]/g, '')).origin;
  const idTokens = facts.idToken ? openIdTokenIssuer(issuer, now) : undefined;
  const contextOf = (platform: Platform<Modes>) => ({ facts, platform, mintAccessToken, idTokens });
  const firstOf = (path: string) => path.split('|')[0] ?? path;

  return {
    title: facts.name,
    separateApiHost: false,
    furtherHosts: hostsOf(facts).slice(1),
    tokenAnswer: {
      refreshToken: firstOf(facts.tokenAnswer.refreshToken),
      expiresIn: firstOf(facts.tokenAnswer.expiresIn),
    },
    accounts: people,
    lifetimes: lifetimesOf(facts),
    modes,
    mint: {
      code: () => mintSecret('code'),
      access: mintAccessToken,
      refresh: () => mintSecret('rt'),
    },
    subjectOf: ({ key }) => subjectOf(facts, key),
    failure: (endpoint, status) => failureBody(facts, endpoint, status),
    consent: (platform) => authorizationOf(contextOf(platform), endpoints.authorization),
    routes: (platform) => routesOf(contextOf(platform), endpoints),
  };
}

function routesOf(context: GeneratedContext, endpoints: Endpoints): readonly Route[] {
  const { facts, platform, idTokens } = context;
  const { profile } = facts;
  const profileUrl = profile?.url;
  const place = (url: string) => ({
    host: hostOf(facts, url),
    path: pathPatternOf(facts, url),
    when: (call: Call) => fitsVariables(facts, url, call.url.pathname),
  });
  const routes: Route[] = tokenRoutes(context, endpoints);
  if (endpoints.revocation !== undefined) {
    const revocation = facts.revocation ?? standardRevocation;
    routes.push({
      method: revocation.method,
      ...place(endpoints.revocation),
      endpoint: 'revoke',
      handle: (call) => answerRevocationCall(call, context, revocation),
    });
  }
  if (profile !== undefined && profileUrl !== undefined) {
    const budget = openRateBudget(platform.now, () => {
      const { rateLimit, rateWindowSeconds } = platform.modes();
      return { calls: rateLimit, windowSeconds: rateWindowSeconds };
    });
    routes.push({
      method: profile.method,
      ...place(profileUrl),
      endpoint: 'profile',
      handle: (call) => answerProfileCall(call, context, { ...profile, url: profileUrl }, budget),
    });
  }
  if (endpoints.jwks !== undefined && idTokens !== undefined) {
    routes.push({
      method: 'GET',
      ...place(endpoints.jwks),
      endpoint: 'other',
      handle: () => json(200, idTokens.keys()),
    });
  }
  return routes;
}

/** Codes and refresh tokens are taken at one address, or at two where refreshing has its own. */
function tokenRoutes(context: GeneratedContext, endpoints: Endpoints): Route[] {
  const { facts } = context;
  const { token, refresh } = endpoints;
  const purposes: readonly (readonly [url: string, purposes: readonly TokenPurpose[]])[] =
    refresh === undefined || refresh === token
      ? [[token, ['exchange', 'refresh']]]
      : [
          [refresh, ['refresh']],
          [token, ['exchange']],
        ];
  const methods = facts.tokenRequestFormat === 'query' ? (['GET', 'POST'] as const) : (['POST'] as const);
  return purposes.flatMap(([url, purposesHere]) => {
    const { query } = parseUrlTemplate(url);
    const endpoint = { url, purposes: purposesHere };
    return methods.map(
      (method): Route => ({
        method,
        host: hostOf(facts, url),
        path: pathPatternOf(facts, url),
        // The consent page may stand at the same path, and so may the other token endpoint, but for its query.
        when: ({ url: { searchParams, pathname } }) =>
          fitsVariables(facts, url, pathname) &&
          !searchParams.has('response_type') &&
          Object.entries(query).every(([name, value]) => searchParams.get(name) === value),
        endpoint: 'token',
        handle: (call) => answerTokenCall(call, context, endpoint),
      }),
    );
  });
}

function hostOf(facts: GeneratedPlatformFacts, url: string): Host {
  const { host } = parseUrlTemplate(url);
  return host === hostsOf(facts)[0] ? 'web' : host;
}
