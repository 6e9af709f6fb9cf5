/** Calls the OpenID sandbox as the standards say, independently of the product's own clients. */
import { createHash } from 'node:crypto';
import type { Sandbox } from '../../../../infra/local/sandbox/sandbox.ts';
import { approve, type Visit } from '../../../../infra/local/sandbox/visitor/consent-visitor.ts';
import { type Answer, call, client, postForm, redirectUri } from './platform-calls.ts';

const verifier = 'verifier-of-at-least-43-characters-as-RFC-7636-asks';

/** The authorization URL for the test client. A change to an empty text leaves the parameter out. */
export function openIdUrl(sandbox: Sandbox, changes: Readonly<Record<string, string>> = {}): string {
  const query = {
    client_id: client.clientId,
    response_type: 'code',
    scope: 'openid profile offline_access',
    redirect_uri: redirectUri,
    state: 'state-1',
    nonce: 'nonce-1',
    prompt: 'consent',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  };
  const given = Object.entries(query).filter(([, value]) => value !== '');
  return `${sandbox.origin}/auth?${new URLSearchParams(given).toString()}`;
}

/** Where the consent page sends the browser. */
export async function openIdLocation(
  sandbox: Sandbox,
  visit: Visit = {},
  url = openIdUrl(sandbox),
): Promise<URL> {
  return new URL(await approve(url, visit, fetch));
}

export function openIdPost(
  sandbox: Sandbox,
  path: string,
  fields: Readonly<Record<string, string>>,
  by = client,
): Promise<Answer> {
  const basic = Buffer.from(`${by.clientId}:${by.clientSecret}`).toString('base64');
  return postForm(sandbox.origin + path, fields, { authorization: `Basic ${basic}` });
}

export function redeem(
  sandbox: Sandbox,
  code: string,
  changes: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const fields = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  };
  return openIdPost(sandbox, '/token', { ...fields, ...changes });
}

export async function connectOpenId(sandbox: Sandbox, visit: Visit = {}): Promise<Answer['body']> {
  const location = await openIdLocation(sandbox, visit);
  return (await redeem(sandbox, location.searchParams.get('code') ?? '')).body;
}

export function refresh(sandbox: Sandbox, refreshToken: string): Promise<Answer> {
  return openIdPost(sandbox, '/token', { grant_type: 'refresh_token', refresh_token: refreshToken });
}

export function userinfo(sandbox: Sandbox, accessToken: string): Promise<Answer> {
  return call(`${sandbox.origin}/me`, { headers: { authorization: `Bearer ${accessToken}` } });
}
