/** A client of the API as a tenant would write it, except that it holds every answer against the contract. */
import type * as z from 'zod/mini';
import { contract, type RouteName } from '../../../lib/contract/contract.ts';
import { catalogue } from '../../../lib/errors.ts';
import { type ApiFailure, checkAnswer } from './contract-check.ts';
import { exchange, type RawAnswer } from './http-exchange.ts';

export interface ApiRequest {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** The success response of a route. */
export type Success<Name extends RouteName> = (typeof contract)[Name]['success'] extends {
  readonly schema: infer Schema extends z.ZodMiniType;
}
  ? z.output<Schema>
  : never;

/** An error of the API, with the status it travelled under. */
export interface Refusal extends ApiFailure {
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;
}

export interface ApiClient {
  /** Sends a request and hands the answer back as it came, once it is known to fit the contract. */
  send(name: RouteName, request?: ApiRequest): Promise<RawAnswer>;
  /** The answer of a call that must succeed. */
  ok<Name extends RouteName>(name: Name, request?: ApiRequest): Promise<Success<Name>>;
  /** The error of a call that must fail. */
  fails(name: RouteName, request?: ApiRequest): Promise<Refusal>;
}

/** Called with every response. */
export type OnAnswer = (name: RouteName, answer: RawAnswer) => void;

/** @param credential an API key or a session token; none when absent. */
export function createApiClient(apiUrl: string, credential?: string, onAnswer?: OnAnswer): ApiClient {
  const send = async (name: RouteName, request: ApiRequest = {}) => {
    const answer = await exchange(apiUrl, rawRequestOf(name, request, credential));
    onAnswer?.(name, answer);
    checkAnswer(name, answer);
    return answer;
  };

  return {
    send,

    async ok(name, request) {
      const answer = await send(name, request);
      if (answer.status !== contract[name].success.status) {
        throw new Error(`${name} was to succeed and answered ${answer.status}: ${answer.text}`);
      }
      // The contract check has compared the body with this very schema.
      return JSON.parse(answer.text) as Success<typeof name>;
    },

    async fails(name, request) {
      const answer = await send(name, request);
      if (answer.status < 400) throw new Error(`${name} was to fail and answered ${answer.status}.`);
      const { error } = JSON.parse(answer.text) as { error: ApiFailure };
      const retryAfter = answer.headers.get('retry-after');
      return {
        ...error,
        status: catalogue[error.code].status,
        retryAfterSeconds: retryAfter === null ? undefined : Number(retryAfter),
      };
    },
  };
}

/** The request as it travels. */
export function rawRequestOf(name: RouteName, request: ApiRequest, credential: string | undefined) {
  const { method, path } = contract[name];
  const filled = path.replace(/\{(\w+)\}/g, (_, parameter: string) =>
    encodeURIComponent(request.params?.[parameter] ?? ''),
  );
  const query = new URLSearchParams(request.query).toString();
  const headers = {
    ...(credential !== undefined && { authorization: `Bearer ${credential}` }),
    ...(request.body !== undefined && { 'content-type': 'application/json' }),
    ...request.headers,
  };
  return {
    method,
    target: query === '' ? filled : `${filled}?${query}`,
    headers: Object.entries(headers),
    ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
    ...(request.signal && { signal: request.signal }),
  };
}
