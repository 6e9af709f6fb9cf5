/** Reads the calls of the product's backend and checks what a provider's data says of every one of them. */
import type { Call, Reply } from '../dialect.ts';
import { basicOf, formOf, jsonFieldsOf } from '../reply.ts';
import type { SandboxClient } from '../sandbox-client.ts';
import type { ClientAuthentication, GeneratedPlatformFacts, RequestFormat } from './data/facts.ts';
import { agrees, type Captures, readTemplate } from './data/templates.ts';
import type { RefuseCall } from './refusals.ts';

/** The fields of a request in the one format that the platform takes; undefined when it came in another. */
export function fieldsOf(call: Call, format: RequestFormat): URLSearchParams | undefined {
  switch (format) {
    case 'form':
      return formOf(call);
    case 'json':
      return jsonFieldsOf(call);
    case 'query':
      return call.url.searchParams;
  }
}

export interface Demands {
  /** Templates by name; an empty one demands nothing. */
  readonly templates: Captures;
  readonly read: (name: string) => string | null | undefined;
  /** What the placeholders stand for in this call, as far as it is known. */
  readonly known: Captures;
}

/** The first name whose value is not what the template says, or nothing. */
export function findUnmet(facts: GeneratedPlatformFacts, demands: Demands): string | undefined {
  const unmet = Object.entries(demands.templates).find(([name, template]) => {
    if (template === '') return false;
    const captures = readTemplate(template, demands.read(name) ?? '');
    return captures === undefined || !agrees(facts, captures, demands.known);
  });
  return unmet?.[0];
}

/** Reads a header as templates are written: a content type counts without its parameters. */
export function headerReader(call: Call): Demands['read'] {
  return (name) => {
    const value = call.headers[name.toLowerCase()];
    const text = Array.isArray(value) ? value.join(', ') : value;
    return name.toLowerCase() === 'content-type' ? text?.split(';')[0]?.trim() : text;
  };
}

export interface ClientCheck {
  readonly facts: GeneratedPlatformFacts;
  readonly call: Call;
  readonly fields: URLSearchParams;
  readonly method: ClientAuthentication;
  readonly clientOf: (clientId: string) => SandboxClient | undefined;
  readonly refuse: RefuseCall;
}

/**
 * The client that proved itself in the declared way. A proof in any other way counts as none, and a secret in two
 * places is refused, as RFC 6749 section 2.3 says.
 */
export function authenticateClient(check: ClientCheck): SandboxClient | Reply {
  const { call, fields, method, refuse } = check;
  const { clientId, clientSecret } = check.facts.parameterNames;
  const inBody = { name: fields.get(clientId) ?? '', password: fields.get(clientSecret) ?? '' };
  const inHeader = basicOf(call);
  if (inHeader !== undefined && inBody.password !== '') {
    return refuse('invalid_request', 'The client proves itself in two ways at once.');
  }
  const wrong = () =>
    refuse('invalid_client', 'The client is not known or did not prove itself as expected.');
  if (method === 'none') {
    const client = check.clientOf(inBody.name);
    return client && inHeader === undefined && inBody.password === '' ? client : wrong();
  }
  const proof =
    method === 'client_secret_post' ? inBody : method === 'http_basic' ? inHeader : decoded(inHeader);
  const client = check.clientOf(proof?.name ?? '');
  return client !== undefined && client.clientSecret === proof?.password ? client : wrong();
}

export function isReply(value: SandboxClient | Reply): value is Reply {
  return 'status' in value;
}

/** RFC 6749 section 2.3.1: both parts of the header are form-encoded before they are joined. */
function decoded(proof: ReturnType<typeof basicOf>): ReturnType<typeof basicOf> {
  if (proof === undefined) return undefined;
  const decode = (text: string) => new URLSearchParams(`v=${text.replaceAll('&', '%26')}`).get('v') ?? '';
  return { name: decode(proof.name), password: decode(proof.password) };
}
