/** Calls the Instagram sandboxes the way Meta documents it, independently of the product's own clients. */
import { createHmac } from 'node:crypto';
import type { Sandbox } from '../../../../infra/local/sandbox/sandbox.ts';
import { approve, type Visit } from '../../../../infra/local/sandbox/visitor/consent-visitor.ts';
import { type Answer, call, client, postForm, redirectUri, textOf } from './platform-calls.ts';

type Query = Readonly<Record<string, string>>;

const urlOf = (origin: string, path: string, query: Query) =>
  `${origin}${path}?${new URLSearchParams(query).toString()}`;

/** A GET on the Graph host. */
export function graph(sandbox: Sandbox, path: string, query: Query, init: RequestInit = {}): Promise<Answer> {
  return call(urlOf(sandbox.apiOrigin, path, query), init);
}

export function loginUrl(sandbox: Sandbox, changes: Query = {}): string {
  return urlOf(sandbox.origin, '/oauth/authorize', {
    client_id: client.clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'instagram_business_basic,instagram_business_manage_comments',
    state: 'state-1',
    ...changes,
  });
}

export function dialogUrl(sandbox: Sandbox, changes: Query = {}, version = 'v26.0'): string {
  return urlOf(sandbox.origin, `/${version}/dialog/oauth`, {
    client_id: client.clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'instagram_basic,pages_show_list',
    state: 'state-1',
    ...changes,
  });
}

export async function codeFrom(url: string, visit: Visit = {}): Promise<string> {
  return new URL(await approve(url, visit, fetch)).searchParams.get('code') ?? '';
}

/** Redeems at api.instagram.com. */
export function redeemLogin(
  sandbox: Sandbox,
  code: string,
  changes: Query = {},
  by = client,
): Promise<Answer> {
  return postForm(`${sandbox.origin}/oauth/access_token`, {
    client_id: by.clientId,
    client_secret: by.clientSecret,
    grant_type: 'authorization_code',
    redirect_uri: redirectUri,
    code,
    ...changes,
  });
}

/** The one entry of a wrapped answer. */
export function unwrapped({ body }: Answer): Answer['body'] {
  const [first]: unknown[] = Array.isArray(body['data']) ? body['data'] : [];
  return typeof first === 'object' && first !== null ? { ...first } : {};
}

export async function shortLogin(sandbox: Sandbox, visit: Visit = {}): Promise<string> {
  return textOf(
    unwrapped(await redeemLogin(sandbox, await codeFrom(loginUrl(sandbox), visit))),
    'access_token',
  );
}

export function prolongLogin(sandbox: Sandbox, token: string, secret = client.clientSecret): Promise<Answer> {
  return graph(sandbox, '/access_token', {
    grant_type: 'ig_exchange_token',
    client_secret: secret,
    access_token: token,
  });
}

export function refreshLogin(sandbox: Sandbox, token: string): Promise<Answer> {
  return graph(sandbox, '/refresh_access_token', { grant_type: 'ig_refresh_token', access_token: token });
}

export async function longLogin(sandbox: Sandbox, visit: Visit = {}): Promise<string> {
  return textOf((await prolongLogin(sandbox, await shortLogin(sandbox, visit))).body, 'access_token');
}

/** Redeems or exchanges at graph.facebook.com. */
export function facebookToken(
  sandbox: Sandbox,
  query: Query,
  by = client,
  version = 'v26.0',
): Promise<Answer> {
  return graph(sandbox, `/${version}/oauth/access_token`, {
    client_id: by.clientId,
    client_secret: by.clientSecret,
    ...query,
  });
}

export async function longFacebook(sandbox: Sandbox, visit: Visit = {}, scope?: string): Promise<string> {
  const code = await codeFrom(dialogUrl(sandbox, scope === undefined ? {} : { scope }), visit);
  const short = await facebookToken(sandbox, { code, redirect_uri: redirectUri });
  const long = await facebookToken(sandbox, {
    grant_type: 'fb_exchange_token',
    fb_exchange_token: textOf(short.body, 'access_token'),
  });
  return textOf(long.body, 'access_token');
}

export function proofOf(token: string, secret = client.clientSecret): string {
  return createHmac('sha256', secret).update(token).digest('hex');
}

/** The error of a Graph answer. */
export function errorIn({ body }: Answer): Readonly<Record<string, unknown>> {
  const { error } = body;
  return typeof error === 'object' && error !== null ? { ...error } : {};
}

/** The entries of a list. */
export function entriesIn({ body }: Answer): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(body['data']) ? body['data'] : [];
}
