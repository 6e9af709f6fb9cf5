/** The token endpoint of a generated platform: codes and refresh tokens for access tokens (RFC 6749 sections 4.1.3 and 6). */
import { createHash } from 'node:crypto';
import type { Call, Reply } from '../dialect.ts';
import type { Issued } from '../grants.ts';
import { json } from '../reply.ts';
import type { SandboxClient } from '../sandbox-client.ts';
import type { GeneratedContext } from './context.ts';
import type { GeneratedPlatformFacts } from './data/facts.ts';
import { parseUrlTemplate } from './data/templates.ts';
import { noStore, oauthRefusal, type RefuseCall } from './refusals.ts';
import { authenticateClient, fieldsOf, findUnmet, headerReader, isReply } from './requests.ts';
import { tokenAnswer } from './token-answer.ts';

/** What one endpoint is for: refreshing may have an address of its own. */
export type TokenPurpose = 'exchange' | 'refresh';

interface TokenRequest {
  readonly context: GeneratedContext;
  readonly fields: URLSearchParams;
  readonly client: SandboxClient;
  readonly refuse: RefuseCall;
}

/** Answers a call of the endpoint at the address, for the purposes that it has there. */
export function answerTokenCall(
  call: Call,
  context: GeneratedContext,
  endpoint: { readonly url: string; readonly purposes: readonly TokenPurpose[] },
): Reply {
  const { facts, platform } = context;
  const refuse = oauthRefusal(facts, platform.modes);
  const fields = fieldsOf(call, facts.tokenRequestFormat);
  if (fields === undefined) return refuse('invalid_request', `The body must be ${facts.tokenRequestFormat}.`);
  const purpose = purposeOf(fields, facts, endpoint.purposes);
  if (purpose === undefined) return refuse('unsupported_grant_type', 'There is neither a code nor a token.');
  const method =
    purpose === 'refresh'
      ? (facts.refreshClientAuthentication ?? facts.clientAuthentication)
      : facts.clientAuthentication;
  const client = authenticateClient({ facts, call, fields, method, clientOf: platform.client, refuse });
  if (isReply(client)) return client;

  const known = { clientId: client.clientId, clientSecret: client.clientSecret };
  const header = findUnmet(facts, { templates: facts.headers, read: headerReader(call), known });
  if (header !== undefined) return refuse('invalid_request', `The header ${header} is not as expected.`);
  const ofUrl = parseUrlTemplate(endpoint.url).query;
  const query = findUnmet(facts, {
    templates: ofUrl,
    read: (name) => call.url.searchParams.get(name),
    known,
  });
  const parameter = query ?? unmetParameter(facts, purpose, fields, known);
  if (parameter === 'grant_type')
    return refuse('unsupported_grant_type', 'The grant_type is not as expected.');
  if (parameter !== undefined) {
    return refuse('invalid_request', `The parameter ${parameter} is not as expected.`);
  }
  const request = { context, fields, client, refuse };
  if (purpose === 'exchange') return exchangeCode(request);
  return facts.refresh.kind === 're-exchange' ? exchangeToken(request) : refreshToken(request);
}

function purposeOf(
  fields: URLSearchParams,
  { parameterNames, refresh }: GeneratedPlatformFacts,
  purposes: readonly TokenPurpose[],
): TokenPurpose | undefined {
  const token = refreshParameter(refresh.kind, parameterNames.refreshToken, fields);
  const offered: TokenPurpose | undefined = fields.has(parameterNames.code)
    ? 'exchange'
    : fields.has(token)
      ? 'refresh'
      : undefined;
  return offered !== undefined && purposes.includes(offered) ? offered : undefined;
}

/** A living token is exchanged under its own name where the data gives it no other. */
function refreshParameter(kind: string, name: string, fields: URLSearchParams): string {
  return kind === 're-exchange' && !fields.has(name) ? 'access_token' : name;
}

function unmetParameter(
  facts: GeneratedPlatformFacts,
  purpose: TokenPurpose,
  fields: URLSearchParams,
  known: Readonly<Record<string, string>>,
): string | undefined {
  const { parameterNames: names, refresh } = facts;
  const standard =
    purpose === 'exchange'
      ? { grant_type: 'authorization_code', [names.code]: '{any}', [names.redirectUri]: '{any}' }
      : { grant_type: refresh.kind === 're-exchange' ? '{any}' : 'refresh_token' };
  const own = purpose === 'exchange' ? facts.tokenParameters : facts.refreshParameters;
  const templates: Record<string, string> = { ...standard, ...own };
  return findUnmet(facts, { templates, read: (name) => fields.get(name), known });
}

function exchangeCode({ context, fields, client, refuse }: TokenRequest): Reply {
  const { facts, platform, idTokens } = context;
  const names = facts.parameterNames;
  const verifier = fields.get('code_verifier') ?? undefined;
  if (facts.pkce === 'none' && verifier !== undefined) {
    return refuse('invalid_request', 'This platform takes no code_verifier.');
  }
  const code = fields.get(names.code) ?? '';
  const pending = platform.grants.presentCode(code);
  const redirectUri = facts.tokenParameters[names.redirectUri] === '' ? undefined : names.redirectUri;
  if (
    pending?.clientId !== client.clientId ||
    (redirectUri !== undefined && fields.get(redirectUri) !== pending.redirectUri) ||
    !verifierFits(facts.pkce, pending.challenge, verifier)
  ) {
    return refuse('invalid_grant', 'The code is not good for this client, redirect URI and verifier.');
  }
  const issued = platform.grants.redeem(pending);
  return json(200, tokenAnswer(context, issued, idTokens?.takeNonce(code)), noStore);
}

/** A verifier without a challenge is refused, too: RFC 9700 section 4.8.2. */
function verifierFits(
  pkce: GeneratedPlatformFacts['pkce'],
  challenge: string | undefined,
  verifier: string | undefined,
): boolean {
  if (challenge === undefined || verifier === undefined) return challenge === verifier;
  const encoding = pkce === 'S256-hex' ? 'hex' : 'base64url';
  return createHash('sha256').update(verifier).digest(encoding) === challenge;
}

function refreshToken({ context, fields, client, refuse }: TokenRequest): Reply {
  const { facts, platform } = context;
  const { grants, modes } = platform;
  const found = grants.presentRefreshToken(fields.get(facts.parameterNames.refreshToken) ?? '');
  if (found.kind === 'live' && found.grant.clientId === client.clientId) {
    const issued = grants.refresh(found.grant, { rotate: facts.refresh.kind === 'rotating' });
    return json(200, tokenAnswer(context, issued), noStore);
  }
  if (found.kind === 'spent' && modes().refreshReuse === 'ends_grant') grants.endGrant(found.grant);
  return refuse('invalid_grant', 'The refresh token is not good any more.');
}

function exchangeToken({ context, fields, client, refuse }: TokenRequest): Reply {
  const { facts, platform, mintAccessToken } = context;
  const { grants } = platform;
  const name = refreshParameter('re-exchange', facts.parameterNames.refreshToken, fields);
  const held = grants.heldAccessToken(fields.get(name) ?? '');
  if (!held || held.expiresAt <= platform.now() || held.grant.clientId !== client.clientId) {
    return refuse('invalid_grant', 'The token is not good any more.');
  }
  const age = (platform.now() - (held.issuedAt ?? 0)) / 1000;
  if (age < (facts.refresh.minimumAgeSeconds ?? 0)) {
    return refuse('invalid_request', 'The token is too young to be exchanged.');
  }
  const seconds = platform.lifetimes().accessTokenSeconds;
  const accessToken = grants.issue(held.grant, mintAccessToken(), seconds);
  const issued: Issued = { grant: held.grant, accessToken };
  return json(200, tokenAnswer(context, issued), noStore);
}
