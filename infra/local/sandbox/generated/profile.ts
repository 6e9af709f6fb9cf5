/** The call that names the account, as the data describes it: credential, headers, query and body are all demanded. */
import { isDeepStrictEqual } from 'node:util';
import type { Call, JsonObject, Reply } from '../dialect.ts';
import type { RateBudget } from '../rate-budget.ts';
import { basicOf, json, parseJson } from '../reply.ts';
import type { Grant } from '../state-file.ts';
import type { GeneratedContext } from './context.ts';
import { bodyOf, place } from './data/answer-body.ts';
import type { GeneratedPlatformFacts, ProfileFacts } from './data/facts.ts';
import { agrees, hasPlaceholder, parseUrlTemplate, readTemplate } from './data/templates.ts';
import { apiRefusal } from './refusals.ts';
import { findUnmet, headerReader } from './requests.ts';
import { describeGrant } from './token-answer.ts';

export type LocatedProfile = ProfileFacts & { readonly url: string };

interface ProfileDemands {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export function answerProfileCall(
  call: Call,
  context: GeneratedContext,
  profile: LocatedProfile,
  budget: RateBudget,
): Reply {
  const { facts, platform } = context;
  const demands = demandsOf(facts, profile);
  const token = tokenIn(call, facts, demands);
  const grant = token === undefined ? undefined : platform.grants.ofAccessToken(token);
  if (token === undefined || grant === undefined) {
    const challenge = { 'www-authenticate': 'Bearer error="invalid_token"' };
    return apiRefusal(facts, 401)('invalid_token', 'The access token is not good any more.', challenge);
  }
  const { rateLimit } = platform.modes();
  const spent = rateLimit === 0 ? undefined : budget.spend(grant.clientId);
  if (spent && !spent.allowed) {
    const after = { 'retry-after': String(spent.resetSeconds) };
    return apiRefusal(facts, 429)('rate_limited', 'The client calls too often.', after);
  }
  const unmet = unmetDemand(call, facts, demands, { grant, token });
  if (unmet !== undefined) {
    return apiRefusal(facts, 400)('invalid_request', `The ${unmet} is not as expected.`);
  }
  if (!facts.scopes.required.every((scope) => grant.scopes.includes(scope))) {
    const challenge = { 'www-authenticate': 'Bearer error="insufficient_scope"' };
    return apiRefusal(facts, 403)('insufficient_scope', 'The person did not allow this.', challenge);
  }
  return replyWith(profileBody(context, profile, grant));
}

function demandsOf(facts: GeneratedPlatformFacts, profile: LocatedProfile): ProfileDemands {
  const { placement } = facts;
  const url = parseUrlTemplate(profile.url);
  const inHeader = placement.in === 'header' ? { [placement.name]: placement.value } : {};
  const inQuery = placement.in === 'query' ? { [placement.name]: placement.value } : {};
  return {
    path: url.path,
    headers: { ...facts.headers, ...inHeader, ...profile.headers },
    query: { ...url.query, ...inQuery, ...profile.query },
    body: profile.body,
  };
}

/** The access token from the place where the data puts it. */
function tokenIn(call: Call, facts: GeneratedPlatformFacts, demands: ProfileDemands): string | undefined {
  const { placement } = facts;
  const basic = basicOf(call);
  const header = headerReader(call);
  const places: readonly (readonly [template: string, text: string | null | undefined])[] = [
    ...Object.entries(demands.headers).map(([name, template]) => [template, header(name)] as const),
    ...Object.entries(demands.query).map(
      ([name, template]) => [template, call.url.searchParams.get(name)] as const,
    ),
    ...(placement.in === 'basic'
      ? [[placement.username, basic?.name] as const, [placement.password, basic?.password] as const]
      : []),
    [demands.path, call.url.pathname],
    [demands.body ?? '', call.body],
  ];
  for (const [template, text] of places) {
    if (!hasPlaceholder(template, 'accessToken')) continue;
    return readTemplate(template, text ?? '')?.['accessToken'];
  }
  return undefined;
}

function unmetDemand(
  call: Call,
  facts: GeneratedPlatformFacts,
  { headers, query, path, body }: ProfileDemands,
  { grant, token }: { readonly grant: Grant; readonly token: string },
): string | undefined {
  const known = { accessToken: token, clientId: grant.clientId, accountId: grant.subject };
  const header = findUnmet(facts, { templates: headers, read: headerReader(call), known });
  if (header !== undefined) return `header ${header}`;
  const parameter = findUnmet(facts, {
    templates: query,
    read: (name) => call.url.searchParams.get(name),
    known,
  });
  if (parameter !== undefined) return `parameter ${parameter}`;
  const captures = readTemplate(path, decodeURIComponent(call.url.pathname), '[^/]+');
  if (captures === undefined || !agrees(facts, captures, known)) return 'path';
  return body === undefined || isBody(call.body, fill(body, known)) ? undefined : 'body';
}

/** A body is compared as JSON where it is JSON; what operators have set for their app is not known here. */
function isBody(sent: string, expected: string): boolean {
  const value = parseJson(expected);
  if (value !== undefined) return isDeepStrictEqual(parseJson(sent), value);
  return readTemplate(expected, sent) !== undefined;
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce(
    (text, [name, value]) => text.replaceAll(`{${name}}`, value),
    template,
  );
}

function profileBody(context: GeneratedContext, profile: ProfileFacts, grant: Grant): unknown {
  const { success } = context.facts.errors;
  const accounts =
    context.facts.accounts === 'several' && profile.list !== undefined
      ? [grant, { ...grant, subject: `${grant.subject}9` }]
      : [grant];
  const described = accounts.map((one) => describeGrant(context, profile, { grant: one }));
  const succeeded = place(success?.path, success?.is);
  if (profile.list === undefined) return bodyOf([...succeeded, ...(described[0] ?? [])]);
  return bodyOf([...succeeded, ...place(profile.list, described.map(bodyOf))]);
}

/** A list at the top of an answer is JSON, too, but no object. */
function replyWith(body: unknown): Reply {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
    const value: JsonObject = { ...body };
    return json(200, value);
  }
  const text = JSON.stringify(body);
  return { status: 200, headers: {}, body: { kind: 'text', type: 'application/json; charset=utf-8', text } };
}
