/** Which fault meets which call, and what it does to the answer. */
import type { Dialect, Endpoint, JsonObject, Reply } from '../dialect.ts';
import type { Located } from '../grants.ts';
import { empty, html, json } from '../reply.ts';
import type { Fault, Injection } from './control.ts';

export interface FaultMatch {
  readonly endpoint: Endpoint;
  readonly grantType: string | undefined;
  readonly owner: Located | undefined;
}

export type FaultQueue = ReturnType<typeof openFaultQueue>;

/** The injected faults in their order; each call takes at most one. */
export function openFaultQueue() {
  let waiting: { readonly injection: Injection; left: number }[] = [];

  return {
    add(injection: Injection): void {
      waiting.push({ injection, left: injection.calls });
    },
    take(match: FaultMatch): Fault | undefined {
      const entry = waiting.find(({ injection }) => fits(injection, match));
      if (entry === undefined) return undefined;
      entry.left -= 1;
      if (entry.left === 0) waiting = waiting.filter((other) => other !== entry);
      return entry.injection.fault;
    },
    /** Answers how many faults were still to come. */
    clear(): number {
      const left = waiting.reduce((sum, entry) => sum + entry.left, 0);
      waiting = [];
      return left;
    },
  };
}

function fits(injection: Injection, { endpoint, grantType, owner }: FaultMatch): boolean {
  const { account } = injection;
  return (
    injection.endpoint === endpoint &&
    (injection.grantType === undefined || injection.grantType === grantType) &&
    (account === undefined || account === owner?.account || account === owner?.subject)
  );
}

/** The answer of a fault that refuses before anything is done; undefined for all the others. */
export function refusalBy(
  fault: Fault,
  endpoint: Endpoint,
  failure: Dialect<unknown>['failure'],
): Reply | undefined {
  switch (fault.kind) {
    case 'status':
      return fault.body === 'html'
        ? html(
            fault.status,
            `<!doctype html><title>${fault.status}</title><h1>Something went wrong (${fault.status})</h1>`,
          )
        : json(fault.status, fault.json ?? failure(endpoint, fault.status));
    case 'rate_limited': {
      const after = fault.retryAfterSeconds;
      return json(429, failure(endpoint, 429), after === undefined ? {} : { 'retry-after': String(after) });
    }
    case 'redirect':
      return empty(fault.status, { location: fault.location });
    default:
      return undefined;
  }
}

const standardTokenAnswer = { refreshToken: 'refresh_token', expiresIn: 'expires_in' };

/** The answer as a fault distorts it. Faults that concern the sending leave it as it is. */
export function distort(
  reply: Reply,
  fault: Fault,
  tokenAnswer: NonNullable<Dialect<unknown>['tokenAnswer']> = standardTokenAnswer,
): Reply {
  switch (fault.kind) {
    case 'garbage_body':
      return {
        ...reply,
        body: { kind: 'text', type: 'application/json', text: '{"access_token":"\u0000\ufffd<<' },
      };
    case 'oversized_body':
      return withBody(reply, (body) => ({ ...body, padding: 'x'.repeat(fault.bytes) }));
    case 'without_refresh_token':
      return withBody(reply, (body) => replaceMember(body, tokenAnswer.refreshToken.split('.'), undefined));
    case 'expires_in':
      return withBody(reply, (body) => replaceMember(body, tokenAnswer.expiresIn.split('.'), fault.value));
    default:
      return reply;
  }
}

function withBody(reply: Reply, change: (body: JsonObject) => JsonObject): Reply {
  return reply.body.kind === 'json'
    ? { ...reply, body: { kind: 'json', value: change(reply.body.value) } }
    : reply;
}

/** The body with another value at a path; as it was where there is nothing at that path. */
function replaceMember(
  body: JsonObject,
  [name = '', ...further]: readonly string[],
  value: unknown,
): JsonObject {
  if (!Object.hasOwn(body, name)) return body;
  if (further.length === 0) return { ...body, [name]: value };
  const member = body[name];
  if (typeof member !== 'object' || member === null) return body;
  return { ...body, [name]: replaceMember({ ...member }, further, value) };
}
