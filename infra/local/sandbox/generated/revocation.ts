/** The revocation endpoint of a generated platform. https://www.rfc-editor.org/rfc/rfc7009#section-2 */
import type { Call, Reply } from '../dialect.ts';
import type { Grants } from '../grants.ts';
import { empty } from '../reply.ts';
import type { Grant } from '../state-file.ts';
import type { GeneratedContext } from './context.ts';
import type { GeneratedPlatformFacts, RevocationFacts } from './data/facts.ts';
import { hasPlaceholder, readTemplate } from './data/templates.ts';
import { oauthRefusal } from './refusals.ts';
import { authenticateClient, fieldsOf, findUnmet, headerReader, isReply } from './requests.ts';

export function answerRevocationCall(
  call: Call,
  context: GeneratedContext,
  revocation: RevocationFacts,
): Reply {
  const { facts, platform } = context;
  const refuse = oauthRefusal(facts, platform.modes);
  // A DELETE without a body has no content type either.
  const fields = fieldsOf(call, revocation.format) ?? (call.body === '' ? new URLSearchParams() : undefined);
  if (fields === undefined) return refuse('invalid_request', `The body must be ${revocation.format}.`);
  const client = revocation.authenticated
    ? authenticateClient({
        facts,
        call,
        fields,
        method: facts.clientAuthentication,
        clientOf: platform.client,
        refuse,
      })
    : undefined;
  if (client !== undefined && isReply(client)) return client;

  const token = tokenIn(call, fields, revocation) ?? '';
  const grant = grantOf(platform.grants, revocation.token, token);
  const owner = client ?? platform.client(grant?.clientId ?? '');
  const known = {
    token,
    ...(owner && { clientId: owner.clientId, clientSecret: owner.clientSecret }),
  };
  const unmet = unmetDemand(call, facts, revocation, { fields, known });
  if (unmet !== undefined) return refuse('invalid_request', `The ${unmet} is not as expected.`);
  if (grant === undefined || (client !== undefined && grant.clientId !== client.clientId)) {
    const accepted = platform.modes().deadTokenRevoke === 'accepted';
    return accepted ? empty(200) : refuse('invalid_request', 'The token is not good any more.');
  }
  if (revocation.reach === 'grant') {
    platform.grants.end({ account: grant.account, clientId: grant.clientId }, 'client');
  } else {
    platform.grants.endGrant(grant);
  }
  return empty(200);
}

function tokenIn(
  call: Call,
  fields: URLSearchParams,
  { parameter, parameters, headers }: RevocationFacts,
): string | undefined {
  if (parameter !== '') return fields.get(parameter) ?? undefined;
  const header = headerReader(call);
  const places = [
    ...Object.entries(headers).map(([name, template]) => [template, header(name)] as const),
    ...Object.entries(parameters).map(([name, template]) => [template, fields.get(name)] as const),
  ];
  const found = places.find(([template]) => hasPlaceholder(template, 'token'));
  return found && readTemplate(found[0], found[1] ?? '')?.['token'];
}

/** The grant of a token of the kind that the platform revokes; a token of the other kind means nothing to it. */
function grantOf(grants: Grants, kind: RevocationFacts['token'], token: string): Grant | undefined {
  return kind === 'access_token' ? grants.ofAccessToken(token) : grants.ofRefreshToken(token);
}

function unmetDemand(
  call: Call,
  facts: GeneratedPlatformFacts,
  revocation: RevocationFacts,
  { fields, known }: { readonly fields: URLSearchParams; readonly known: Readonly<Record<string, string>> },
): string | undefined {
  // An unknown client cannot be compared with: its placeholders then take any text.
  const headers = findUnmet(facts, {
    templates: { ...facts.headers, ...revocation.headers },
    read: headerReader(call),
    known,
  });
  if (headers !== undefined) return `header ${headers}`;
  const parameter = findUnmet(facts, {
    templates: revocation.parameters,
    read: (name) => fields.get(name),
    known,
  });
  if (parameter !== undefined) return `parameter ${parameter}`;
  const hint = fields.get('token_type_hint');
  return hint === null || hint === revocation.token ? undefined : 'parameter token_type_hint';
}
