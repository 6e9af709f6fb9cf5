/** The tenant's backend: calls the API with its key, and a platform's API with the token that Hawser hands out. */
import * as z from 'zod/mini';
import { contract } from '../../../lib/contract/contract.ts';
import type { Answer, Caller } from './http-caller.ts';

export type Application = ReturnType<typeof createApplication>;

/** The response to `connect` for a provider with a consent page. */
const startedFlow = z.object({ flowId: z.string(), authUrl: z.string() });
const failure = z.object({ error: z.object({ code: z.string() }) });

export function createApplication(call: Caller, apiUrl: string, apiKey: string) {
  const ask = (method: string, path: string, body?: unknown) =>
    call({
      method,
      url: `${apiUrl}/integrations/${path}`,
      headers: new Headers({
        authorization: `Bearer ${apiKey}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      }),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const ofUser = (userId: string) => new URLSearchParams({ userId }).toString();
  const account = (provider: string, accountId: string, userId: string) =>
    `${provider}/${encodeURIComponent(accountId)}?${ofUser(userId)}`;

  return {
    async connect(provider: string, body: Readonly<Record<string, unknown>>) {
      return read(startedFlow, await ask('POST', `connect/${provider}`, body));
    },
    /** Returns the raw response, because some scenes expect a refusal. */
    complete: (body: Readonly<Record<string, unknown>>) => ask('POST', 'complete', body),
    async status(userId: string) {
      const answer = await ask('GET', `status?${ofUser(userId)}`);
      return read(contract.status.success.schema, answer).connections;
    },
    /** Returns the raw response, because some scenes expect a refusal. */
    token: (provider: string, accountId: string, userId: string) =>
      ask('GET', `token/${account(provider, accountId, userId)}`),
    async refresh(provider: string, accountId: string, userId: string) {
      const answer = await ask('POST', `refresh/${account(provider, accountId, userId)}`);
      return read(contract.refreshToken.success.schema, answer).connection;
    },
    async disconnect(provider: string, accountId: string, userId: string) {
      const answer = await ask('DELETE', `disconnect/${account(provider, accountId, userId)}`);
      return read(contract.disconnect.success.schema, answer);
    },
    /** Calls a platform with a token. */
    usePlatform: (url: string, accessToken: string) =>
      call({ method: 'GET', url, headers: new Headers({ authorization: `Bearer ${accessToken}` }) }),
  };
}

/** Parses the response to `complete`. */
export const readConnected = (answer: Answer) => read(contract.complete.success.schema, answer);
/** Parses the response to `token`. */
export const readToken = (answer: Answer) => read(contract.getToken.success.schema, answer);

/** The error code of a refusal; `undefined` for a success. */
export function refusalOf({ status, text }: Answer): string | undefined {
  return status < 400 ? undefined : failure.parse(JSON.parse(text)).error.code;
}

/** Parses a response with the schema of the API's own contract. */
function read<Schema extends z.ZodMiniType>(schema: Schema, { status, text }: Answer): z.output<Schema> {
  if (status >= 400) throw new Error(`The API answered ${status}.`);
  return schema.parse(JSON.parse(text));
}
