/** A valid request for each route and the fields of its schemas, from which the tests derive bad input. */
import * as z from 'zod/mini';
import { contract, type RouteName } from '../../lib/contract/contract.ts';
import type { Route } from '../../lib/contract/route.ts';
import { checkAnswer } from '../support/stack/contract-check.ts';
import type { RawAnswer, RawRequest } from '../support/stack/http-exchange.ts';

export interface Sample {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
}

const ofAccount: Sample = {
  params: { provider: 'tiktok', accountId: 'no-such-account' },
  query: { userId: 'ada' },
};
const nothing: Sample = { params: {}, query: {} };
const failureId = '001700000000000-00000000-0000-4000-8000-000000000000';

/** One well-formed request for every route; a route without one is a type error. */
export const samples: Readonly<Record<RouteName, Sample>> = {
  createSession: {
    ...nothing,
    body: { userId: 'ada', providers: ['tiktok'], origin: 'https://app.example' },
  },
  connect: {
    params: { provider: 'tiktok' },
    query: {},
    body: { userId: 'ada', scopes: ['video.list'], completion: 'confirm' },
  },
  start: { params: { flowId: 'A'.repeat(22) }, query: { agreed: 'yes' } },
  callback: { params: { app: 'tiktok' }, query: { state: 'a.b.c', code: 'x' } },
  complete: {
    ...nothing,
    body: { flow: 'A'.repeat(22), completion: 'B'.repeat(43), userId: 'ada' },
  },
  status: { params: {}, query: { userId: 'ada', provider: 'tiktok', limit: '10' } },
  listProviders: nothing,
  getToken: ofAccount,
  refreshToken: ofAccount,
  disconnect: ofAccount,
  webhookHandshake: { params: { app: 'tiktok' }, query: {} },
  webhook: { params: { app: 'tiktok' }, query: {} },
  disconnectUser: { params: { userId: 'nobody' }, query: {} },
  deauthorize: { params: { app: 'instagram' }, query: {} },
  dataDeletion: { params: { app: 'instagram' }, query: {} },
  dataDeletionStatus: { params: { app: 'instagram' }, query: { code: '0'.repeat(32) } },
  listFailures: { params: {}, query: { limit: '10', cursor: failureId } },
  getFailure: { params: { id: failureId }, query: {} },
  replayFailure: { params: { id: failureId }, query: {} },
  countFailures: nothing,
  health: nothing,
  openApi: nothing,
};

export const routeNames = Object.keys(samples) as RouteName[];

/** The field names of a schema, and those it requires. */
export function fieldsOf(
  routeName: RouteName,
  part: 'params' | 'query' | 'body',
): { readonly names: readonly string[]; readonly required: readonly string[] } {
  const route: Route = contract[routeName];
  const schema = route[part];
  if (schema === undefined) return { names: [], required: [] };
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return { names: Object.keys(properties), required };
}

/** The path of a route with its encoded parameters. */
export function pathOf(routeName: RouteName, encodedParams: Readonly<Record<string, string>>): string {
  return contract[routeName].path.replace(/\{(\w+)\}/g, (_, name: string) => encodedParams[name] ?? '');
}

/** The sample of a route as an HTTP request, with some parts replaced. */
export function requestOf(
  routeName: RouteName,
  apiKey: string,
  change: {
    readonly params?: Readonly<Record<string, string>>;
    /** As it travels. */
    readonly query?: string;
    readonly body?: unknown;
    readonly rawBody?: string | Uint8Array;
    readonly headers?: readonly (readonly [string, string])[];
  } = {},
): RawRequest {
  const sample = samples[routeName];
  const route: Route = contract[routeName];
  const params = Object.entries(sample.params).map(([name, value]) => [name, encodeURIComponent(value)]);
  const query = change.query ?? new URLSearchParams(sample.query).toString();
  const path = pathOf(routeName, { ...Object.fromEntries(params), ...change.params });
  const body = change.rawBody ?? (route.body && JSON.stringify('body' in change ? change.body : sample.body));
  return {
    method: route.method,
    target: query === '' ? path : `${path}?${query}`,
    headers: change.headers ?? [
      ['authorization', `Bearer ${apiKey}`],
      ...(route.body ? [['content-type', 'application/json'] as const] : []),
    ],
    ...(body !== undefined && { body }),
  };
}

/**
 * Whether the function answered, and not the gateway before it.
 * @throws Error when the response is a server error or does not match the contract.
 */
export function judge(routeName: RouteName, answer: RawAnswer): 'function' | 'gateway' {
  if (answer.status >= 500) throw new Error(`${routeName} answered ${answer.status}: ${answer.text}`);
  if (answer.headers.has('x-correlation-id')) {
    checkAnswer(routeName, answer);
    return 'function';
  }
  if (!/^\{"message":"[A-Za-z ]+"\}$/.test(answer.text) || ![400, 404, 413, 431].includes(answer.status)) {
    throw new Error(`The gateway answered ${answer.status}: ${answer.text}`);
  }
  return 'gateway';
}

/** The code of an error, or the status of a page. */
export function codeOf({ status, text }: RawAnswer): string {
  return /"code":"(\w+)"/.exec(text)?.[1] ?? String(status);
}

/** The code with which a route rejects a malformed request; a platform only learns that it proved nothing. */
export function refusal(name: RouteName): string {
  const { caller } = contract[name];
  if (caller === 'platform') return 'INVALID_SIGNATURE';
  return caller === 'browser' ? '400' : 'INVALID_REQUEST';
}
