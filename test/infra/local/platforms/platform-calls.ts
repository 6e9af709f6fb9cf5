/** Calls a sandbox platform the way its documentation says, independently of the product's own clients. */

import type { Sandbox } from '../../../../infra/local/sandbox/sandbox.ts';
import { approve, type Visit } from '../../../../infra/local/sandbox/visitor/consent-visitor.ts';

export const client = {
  clientId: 'harbour-app',
  clientSecret: 's4ndb0x-client-secret',
  redirectUris: ['http://localhost:8787/integrations/callback/test'],
};
export const otherClient = { ...client, clientId: 'other-app', clientSecret: 's4ndb0x-other-secret' };
export const redirectUri = 'http://localhost:8787/integrations/callback/test';
export const userAgent = 'web:com.example.hawser:v1.0.0 (by /u/example)';

/** A clock that a test can set forward. */
export function testClock() {
  let milliseconds = Date.UTC(2026, 10, 20, 12);
  return {
    now: () => milliseconds,
    advanceSeconds(seconds: number): void {
      milliseconds += seconds * 1000;
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON, or an empty object when it is none. */
  readonly body: Readonly<Record<string, unknown>>;
}

export async function call(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(120_000), ...init });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: objectIn(text) };
}

export function postForm(
  url: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return call(url, { method: 'POST', body: new URLSearchParams(fields), headers });
}

export function textOf(body: Readonly<Record<string, unknown>>, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw new Error(`The answer has no text ${name}.`);
  return value;
}

/** TikTok's authorization URL for the test client. */
export function tiktokUrl(sandbox: Sandbox, changes: Readonly<Record<string, string>> = {}): string {
  const query = {
    client_key: client.clientId,
    response_type: 'code',
    scope: 'user.info.basic,user.info.profile',
    redirect_uri: redirectUri,
    state: 'state-1',
    ...changes,
  };
  return `${sandbox.origin}/v2/auth/authorize/?${new URLSearchParams(query).toString()}`;
}

export function tiktokToken(
  sandbox: Sandbox,
  fields: Readonly<Record<string, string>>,
  by = client,
): Promise<Answer> {
  return postForm(`${sandbox.origin}/v2/oauth/token/`, {
    client_key: by.clientId,
    client_secret: by.clientSecret,
    ...fields,
  });
}

/** A code from TikTok's consent page. */
export async function tiktokCode(
  sandbox: Sandbox,
  visit: Visit = {},
  url = tiktokUrl(sandbox),
): Promise<string> {
  const location = new URL(await approve(url, visit, fetch));
  return location.searchParams.get('code') ?? '';
}

export async function connectTikTok(sandbox: Sandbox, visit: Visit = {}): Promise<Answer['body']> {
  const code = await tiktokCode(sandbox, visit);
  const answer = await tiktokToken(sandbox, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
  });
  return answer.body;
}

export function tiktokUser(sandbox: Sandbox, accessToken: string, fields: string): Promise<Answer> {
  return call(`${sandbox.origin}/v2/user/info/?fields=${fields}`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
}

/** Reddit's authorization URL for the test client. */
export function redditUrl(sandbox: Sandbox, changes: Readonly<Record<string, string>> = {}): string {
  const query = {
    client_id: client.clientId,
    response_type: 'code',
    scope: 'identity read',
    redirect_uri: redirectUri,
    state: 'state-1',
    duration: 'permanent',
    ...changes,
  };
  return `${sandbox.origin}/api/v1/authorize?${new URLSearchParams(query).toString()}`;
}

export function redditPost(
  sandbox: Sandbox,
  path: string,
  fields: Readonly<Record<string, string>>,
  by = client,
): Promise<Answer> {
  const basic = Buffer.from(`${by.clientId}:${by.clientSecret}`).toString('base64');
  return postForm(sandbox.origin + path, fields, {
    authorization: `Basic ${basic}`,
    'user-agent': userAgent,
  });
}

export function redditToken(
  sandbox: Sandbox,
  fields: Readonly<Record<string, string>>,
  by = client,
): Promise<Answer> {
  return redditPost(sandbox, '/api/v1/access_token', fields, by);
}

export async function redditCode(
  sandbox: Sandbox,
  visit: Visit = {},
  url = redditUrl(sandbox),
): Promise<string> {
  const location = new URL(await approve(url, visit, fetch));
  return location.searchParams.get('code') ?? '';
}

export async function connectReddit(sandbox: Sandbox, visit: Visit = {}): Promise<Answer['body']> {
  const code = await redditCode(sandbox, visit);
  const answer = await redditToken(sandbox, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
  });
  return answer.body;
}

export function redditMe(
  sandbox: Sandbox,
  accessToken: string,
  { origin = sandbox.apiOrigin, query = '?raw_json=1', agent = userAgent } = {},
): Promise<Answer> {
  return call(`${origin}/api/v1/me${query}`, {
    headers: { authorization: `bearer ${accessToken}`, 'user-agent': agent },
  });
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
