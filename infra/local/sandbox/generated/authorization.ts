/** The authorization endpoint of a generated platform: what it accepts and how it sends the browser back. */
import { createHmac } from 'node:crypto';
import type { AuthorizeReading, ConsentDialect, ConsentRequest } from '../dialect.ts';
import { withParameters } from '../reply.ts';
import type { GeneratedContext } from './context.ts';
import type { GeneratedPlatformFacts, ScopeFacts } from './data/facts.ts';
import { parseUrlTemplate, patternOf } from './data/templates.ts';
import { callbackVariables } from './data/variables.ts';
import { findUnmet } from './requests.ts';

/** The scope by which OpenID Connect Core section 11 and its imitators ask for a refresh token. */
const offlineScopes = ['offline_access', 'offline.access', 'offline'];

export function authorizationOf(context: GeneratedContext, authorizationUrl: string): ConsentDialect {
  const { facts, idTokens } = context;
  const template = parseUrlTemplate(authorizationUrl);
  const nonces = new WeakMap<ConsentRequest, string>();

  return {
    paths: [patternOf(template.path, '[^/]+')],
    scopes: facts.scopes.known,
    read(query) {
      const reading = readAuthorization(query, template.query, context);
      const nonce = query.get('nonce');
      if (reading.kind === 'ask' && nonce !== null) nonces.set(reading.request, nonce);
      return reading;
    },
    approved(request, code) {
      idTokens?.rememberNonce(code, nonces.get(request));
      const codeParameter = facts.callback.code.split('|')[0] ?? 'code';
      return backTo(facts, request, { [codeParameter]: code, ...callbackVariables(facts) });
    },
    denied: (request) =>
      backTo(facts, request, {
        error: 'access_denied',
        error_description: 'The person did not allow the access.',
      }),
  };
}

function readAuthorization(
  query: URLSearchParams,
  ofUrl: Readonly<Record<string, string>>,
  { facts, platform }: GeneratedContext,
): AuthorizeReading {
  const { parameterNames, scopes } = facts;
  const client = platform.client(query.get(parameterNames.clientId) ?? '');
  if (client === undefined) {
    return { kind: 'page', status: 400, message: `The ${parameterNames.clientId} is not known.` };
  }
  const redirectUri = query.get(parameterNames.redirectUri) ?? '';
  if (!client.redirectUris.includes(redirectUri)) {
    const message = `The ${parameterNames.redirectUri} is not registered for this client.`;
    return { kind: 'page', status: 400, message };
  }

  const state = query.get('state') ?? '';
  const requested = requestedScopes(query, scopes);
  const challenge = query.get('code_challenge') ?? undefined;
  const refreshScope = refreshScopeOf(scopes);
  const refreshable = facts.refresh.kind === 'rotating' || facts.refresh.kind === 'static';
  const request: ConsentRequest = {
    client,
    redirectUri,
    state,
    scopes: requested,
    refreshable,
    ...(refreshScope !== undefined && { refreshScope }),
    ...(challenge !== undefined && { challenge }),
  };
  const back = (error: string, description: string): AuthorizeReading => ({
    kind: 'redirect',
    location: backTo(facts, request, { error, error_description: description }),
  });

  const unmet = findUnmet(facts, {
    templates: { response_type: 'code', ...ofUrl, ...facts.authorizationParameters },
    read: (name) => query.get(name),
    known: { clientId: client.clientId },
  });
  if (unmet === 'response_type') return back('unsupported_response_type', 'The response_type must be code.');
  if (unmet !== undefined) return back('invalid_request', `The parameter ${unmet} is not as expected.`);
  if (state === '') return back('invalid_request', 'The state is missing.');
  if (!scopes.open && requested.some((scope) => !Object.hasOwn(scopes.known, scope))) {
    return back('invalid_scope', 'A scope is not known.');
  }
  const flaw = challengeFlaw(facts, challenge, query.get('code_challenge_method'), platform.modes().pkce);
  return flaw === undefined ? { kind: 'ask', request } : back('invalid_request', flaw);
}

function challengeFlaw(
  { pkce }: GeneratedPlatformFacts,
  challenge: string | undefined,
  method: string | null,
  mode: 'required' | 'optional',
): string | undefined {
  if (pkce === 'none') return challenge === undefined ? undefined : 'This platform takes no code_challenge.';
  if (challenge === undefined) return mode === 'optional' ? undefined : 'The code_challenge is missing.';
  if (method !== 'S256') return 'The code_challenge_method must be S256.';
  // RFC 7636 section 4.2: 32 bytes in base64url without padding; TikTok wants them in hexadecimal.
  const shape = pkce === 'S256' ? /^[\w-]{43}$/ : /^[0-9a-f]{64}$/;
  return shape.test(challenge) ? undefined : 'The code_challenge is no SHA-256 digest.';
}

/** The scopes of every kind, those of a further kind with their prefix. */
function requestedScopes(query: URLSearchParams, { separator, parameter, further }: ScopeFacts): string[] {
  const listed = (name: string) => (query.get(name) ?? '').split(separator).filter((scope) => scope !== '');
  const all = [
    ...listed(parameter),
    ...further.flatMap((kind) => listed(kind.parameter).map((scope) => kind.prefix + scope)),
  ];
  return [...new Set(all)];
}

function refreshScopeOf(scopes: ScopeFacts): string | undefined {
  return offlineScopes.find(
    (scope) =>
      Object.hasOwn(scopes.known, scope) || scopes.default.includes(scope) || scopes.required.includes(scope),
  );
}

function backTo(
  { callback }: GeneratedPlatformFacts,
  { redirectUri, state, client }: ConsentRequest,
  answer: Readonly<Record<string, string>>,
): string {
  const parameters = { ...answer, ...(state && { state }) };
  if (callback.hmac === undefined) return withParameters(redirectUri, parameters);
  const signed = Object.entries(parameters)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const hmac = createHmac('sha256', client.clientSecret).update(signed).digest('hex');
  return withParameters(redirectUri, { ...parameters, [callback.hmac]: hmac });
}
