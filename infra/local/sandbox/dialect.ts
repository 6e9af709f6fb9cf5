/**
 * What a sandbox platform has to say for itself, and what the shared plumbing gives it in return.
 * A platform is one file with one value of type {@link Dialect}; servers, consent, grants, faults and counters are shared.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { z } from 'zod';
import type { Grants, Lifetimes } from './grants.ts';
import type { SandboxClient } from './sandbox-client.ts';
import type { WebhookDialect } from './webhooks/webhook-dialect.ts';

/** A fictional account that a visitor of the consent page can choose. */
export interface SandboxAccount {
  /** Names the account on the consent page and in control commands. */
  readonly key: string;
  readonly name: string;
  readonly handle: string;
  /** Background of the avatar as a CSS colour; without one the account has no avatar. */
  readonly avatarColour?: string;
}

/** What a call is for; faults and counters go by it. */
export type Endpoint = 'authorize' | 'consent' | 'token' | 'revoke' | 'profile' | 'other';

/** Which of the platform's hosts a route lives on: `web`, `api`, or one of the dialect's `furtherHosts`. */
export type Host = string;

/** One HTTP request, read completely. */
export interface Call {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type JsonObject = { readonly [name: string]: unknown };

/** One HTTP answer, before a fault has had its way with it. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body:
    | { readonly kind: 'json'; readonly value: JsonObject }
    | { readonly kind: 'text'; readonly type: string; readonly text: string }
    | { readonly kind: 'empty' };
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly host: Host;
  /** The whole path; a pattern where a part of it differs from call to call. */
  readonly path: string | RegExp;
  /** Tells calls of one method and path apart; a route without it takes them all. */
  readonly when?: (call: Call) => boolean;
  readonly endpoint: Endpoint;
  readonly handle: (call: Call) => Reply;
}

/** What a visitor is asked on the consent page. */
export interface ConsentRequest {
  readonly client: SandboxClient;
  readonly redirectUri: string;
  readonly state: string;
  readonly scopes: readonly string[];
  /** Whether the grant will carry a refresh token. */
  readonly refreshable: boolean;
  /** The scope that the person must have granted for the grant to carry a refresh token, where there is one. */
  readonly refreshScope?: string;
  /** The PKCE challenge, in the platform's own encoding. */
  readonly challenge?: string;
}

/** How a platform takes an authorization request: it asks the visitor, shows an error page, or sends the browser back. */
export type AuthorizeReading =
  | { readonly kind: 'ask'; readonly request: ConsentRequest }
  | { readonly kind: 'page'; readonly status: number; readonly message: string }
  | { readonly kind: 'redirect'; readonly location: string };

/** The platform's side of the consent page. */
export interface ConsentDialect {
  readonly paths: readonly Route['path'][];
  /** What each scope lets the application do, in the words of the consent page. */
  readonly scopes: Readonly<Record<string, string>>;
  readonly read: (query: URLSearchParams) => AuthorizeReading;
  /** Where the browser goes after consent. */
  readonly approved: (request: ConsentRequest, code: string, scopes: readonly string[]) => string;
  /** Where the browser goes after a refusal. */
  readonly denied: (request: ConsentRequest) => string;
}

/** What the shared plumbing gives a platform to answer with. */
export interface Platform<M> {
  readonly grants: Grants;
  readonly now: () => number;
  readonly client: (clientId: string) => SandboxClient | undefined;
  readonly modes: () => M;
  readonly lifetimes: () => Lifetimes;
  /** The address of an account's avatar, or an empty text when it has none. */
  readonly avatarUrl: (account: SandboxAccount, query: string) => string;
}

export interface Dialect<M> {
  /** The platform's name as people write it. */
  readonly title: string;
  /** Whether the API answers on another host than consent and tokens do. */
  readonly separateApiHost: boolean;
  /** Names of the hosts beyond `web` and `api`; each gets an origin of its own. */
  readonly furtherHosts?: readonly string[];
  /** Where a token answer has its refresh token and lifetime, as dotted paths; by the names of RFC 6749 when absent. */
  readonly tokenAnswer?: { readonly refreshToken: string; readonly expiresIn: string };
  readonly accounts: readonly SandboxAccount[];
  readonly lifetimes: Lifetimes;
  /** The switches of this platform with their defaults; unknown names are refused. */
  readonly modes: z.ZodType<M>;
  /** New secrets in the platform's own look. */
  readonly mint: {
    readonly code: () => string;
    readonly access: () => string;
    readonly refresh: () => string;
  };
  /** The platform's stable id of an account, as the given client sees it. */
  readonly subjectOf: (account: SandboxAccount, clientId: string) => string;
  /** The JSON body the platform sends with an injected status. */
  readonly failure: (endpoint: Endpoint, status: number) => JsonObject;
  readonly consent: (platform: Platform<M>) => ConsentDialect;
  readonly routes: (platform: Platform<M>) => readonly Route[];
  /** Absent where the platform sends no webhooks. */
  readonly webhooks?: (platform: Platform<M>) => WebhookDialect;
}
