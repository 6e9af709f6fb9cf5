/** Calls a platform generated from data as its data says, with plain HTTP and none of the product's protocol code. */
import { createHash } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { GeneratedPlatformFacts } from '../../../../infra/local/sandbox/generated/data/facts.ts';
import {
  type GeneratedSandbox,
  startGeneratedPlatform,
} from '../../../../infra/local/sandbox/generated/generated-platform.ts';
import { approve, type Visit } from '../../../../infra/local/sandbox/visitor/consent-visitor.ts';
import { parseProviderData } from '../../../../lib/providers/definition/parse.ts';
import type { ProviderInput } from '../../../../lib/providers/definition/provider-data.ts';
import {
  type Answer,
  call,
  client,
  otherClient,
  postForm,
  redirectUri,
  testClock,
} from './platform-calls.ts';

export const verifier = 'a-verifier-of-the-test-that-is-long-enough-0123456789';
export const challenge = createHash('sha256').update(verifier).digest('base64url');

type Fields = Readonly<Record<string, string>>;

/** A plain platform: everything that it leaves out is a default of the schema. */
export const harbour = {
  kind: 'oauth2',
  id: 'harbour',
  name: 'Harbour',
  endpoints: {
    authorization: 'https://harbour.example/oauth/authorize',
    token: 'https://api.harbour.example/oauth/token',
    revocation: 'https://api.harbour.example/oauth/revoke',
  },
  scopes: { known: { read: 'Read your ships', write: 'Change your ships' }, open: false },
  profile: {
    url: 'https://api.harbour.example/me',
    account: 'data.id',
    name: 'data.name',
    avatar: 'data.face',
  },
} as const satisfies ProviderInput;

/** The data as the schema completes it; that it fits what the sandbox reads is checked by its type. */
export function factsOf(input: ProviderInput): GeneratedPlatformFacts {
  const reading = parseProviderData(input);
  if (reading.kind !== 'provider' || reading.data.kind !== 'oauth2') {
    throw new Error(`The data of the test is flawed: ${JSON.stringify(reading)}`);
  }
  return reading.data;
}

export async function startGenerated(input: ProviderInput) {
  const clock = testClock();
  const facts = factsOf(input);
  const sandbox = await startGeneratedPlatform(facts, { clients: [client, otherClient], now: clock.now });
  onTestFinished(() => sandbox.close());
  return { facts, sandbox, clock, at: (url: string) => urlAt(sandbox, url) };
}

/** Where an address of the data is on this machine. */
export function urlAt(sandbox: GeneratedSandbox, url: string): string {
  const rewritten = sandbox.rewriteUrl(url);
  if (rewritten === undefined) throw new Error(`The sandbox knows no host of ${url}.`);
  return rewritten;
}

export function authorizeUrl(address: string, changes: Fields = {}): string {
  const url = new URL(address);
  const query = {
    client_id: client.clientId,
    response_type: 'code',
    scope: 'read write',
    redirect_uri: redirectUri,
    state: 'state-1',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...changes,
  };
  for (const [name, value] of Object.entries(query)) if (value !== '') url.searchParams.set(name, value);
  return url.href;
}

/** What the platform tells the application's return address. */
export async function consent(url: string, visit: Visit = {}): Promise<Fields> {
  return Object.fromEntries(new URL(await approve(url, visit, fetch)).searchParams);
}

export const exchangeOf = (code: string): Fields => ({
  grant_type: 'authorization_code',
  code,
  redirect_uri: redirectUri,
  code_verifier: verifier,
});

export function postSecret(url: string, fields: Fields, by = client): Promise<Answer> {
  return postForm(url, { client_id: by.clientId, client_secret: by.clientSecret, ...fields });
}

export function postBasic(url: string, body: Fields, format: 'form' | 'json', by = client): Promise<Answer> {
  const authorization = `Basic ${Buffer.from(`${by.clientId}:${by.clientSecret}`).toString('base64')}`;
  return format === 'form' ? postForm(url, body, { authorization }) : postJson(url, body, { authorization });
}

export function postJson(url: string, value: unknown, headers: Fields = {}): Promise<Answer> {
  return call(url, {
    method: 'POST',
    body: JSON.stringify(value),
    headers: { 'content-type': 'application/json', ...headers },
  });
}

export function getWithBearer(url: string, accessToken: string): Promise<Answer> {
  return call(url, { headers: { authorization: `Bearer ${accessToken}` } });
}

/** Connects a person to the plain platform. */
export async function connectHarbour(
  at: (url: string) => string,
  visit: Visit = {},
): Promise<Answer['body']> {
  const { code = '' } = await consent(authorizeUrl(at(harbour.endpoints.authorization)), visit);
  return (await postSecret(at(harbour.endpoints.token), exchangeOf(code))).body;
}
