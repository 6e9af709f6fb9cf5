/** Consent at Meta's two login pages, which differ in their paths, in the fragment that ends a redirect, and in their words. */
import type { AuthorizeReading, ConsentDialect, Platform } from '../../sandbox/dialect.ts';
import { withParameters } from '../../sandbox/reply.ts';

export interface MetaConsent {
  readonly paths: readonly string[];
  /** Every scope, with its words on the consent page. */
  readonly scopes: Readonly<Record<string, string>>;
  /** Ends every redirect, and is no part of the code. */
  readonly fragment: string;
  /** What a visitor who refuses is sent back with. */
  readonly denial: Readonly<Record<string, string>>;
  /** What the page says of a request that it does not take. */
  readonly words: {
    readonly client: string;
    readonly redirectUri: string;
    readonly scope: string;
  };
}

export function metaConsent<Modes>(
  platform: Platform<Modes>,
  { paths, scopes, fragment, denial, words }: MetaConsent,
): ConsentDialect {
  const back = (redirectUri: string, parameters: Readonly<Record<string, string>>) =>
    `${withParameters(redirectUri, parameters)}${fragment}`;
  return {
    paths,
    scopes,
    read,
    approved: ({ redirectUri, state }, code) => back(redirectUri, { code, ...(state && { state }) }),
    denied: ({ redirectUri, state }) => back(redirectUri, { ...denial, ...(state && { state }) }),
  };

  function read(query: URLSearchParams): AuthorizeReading {
    const page = (message: string): AuthorizeReading => ({ kind: 'page', status: 400, message });
    const client = platform.client(query.get('client_id') ?? '');
    if (client === undefined) return page(words.client);
    const redirectUri = query.get('redirect_uri') ?? '';
    if (!client.redirectUris.includes(redirectUri)) return page(words.redirectUri);
    if (query.get('response_type') !== 'code') return page('Invalid response_type');
    const requested = [...new Set((query.get('scope') ?? '').split(','))];
    if (requested.some((scope) => !Object.hasOwn(scopes, scope))) return page(words.scope);
    const state = query.get('state') ?? '';
    return { kind: 'ask', request: { client, redirectUri, state, scopes: requested, refreshable: false } };
  }
}
