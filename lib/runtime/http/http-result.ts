/**
 * What a handler returns, and its conversion to an HTTP response: JSON, a page, text or a redirect. Every response
 * forbids caching.
 */
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { catalogue, type ErrorCode } from '../../errors.ts';
import { page, pageSecurityPolicy } from './page.ts';

export type HttpResult =
  | {
      readonly kind: 'json';
      readonly status: number;
      readonly body: unknown;
      readonly retryAfterSeconds?: number;
    }
  | {
      readonly kind: 'page';
      readonly status: number;
      readonly title: string;
      readonly text: string;
      readonly link?: PageLink;
      readonly retryAfterSeconds?: number;
    }
  /** A response to a platform: the text that its protocol asks for, or nothing. */
  | {
      readonly kind: 'text';
      readonly status: number;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** 303, which the browser follows with a GET without a body (RFC 9700, section 4.12). */
  | { readonly kind: 'redirect'; readonly url: string; readonly cookie?: string };

export interface PageLink {
  readonly href: string;
  readonly text: string;
}

export const json = (status: number, body: unknown): HttpResult => ({ kind: 'json', status, body });

/** The page that tells a person what failed and what to do next. */
export function failurePage(code: ErrorCode, title = 'This did not work') {
  const { status, retryable, userMessage } = catalogue[code];
  const next = retryable
    ? 'Load this page again in a moment.'
    : 'You can close this page and go back to the application that sent you here.';
  return { kind: 'page', status, title, text: `${userMessage}\n\n${next}` } as const;
}

/**
 * The headers of every response. There is no Cross-Origin-Opener-Policy, because start and callback may run in a consent
 * window, which it would cut off from its opener. There is no HSTS preload: that is the domain owner's decision.
 */
const securityHeaders = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;
const nothingAllowed = "default-src 'none'; frame-ancestors 'none'";

export function toResponse(result: HttpResult, correlationId: string): APIGatewayProxyStructuredResultV2 {
  const headers = { ...securityHeaders, 'x-correlation-id': correlationId };
  switch (result.kind) {
    case 'json':
      return {
        statusCode: result.status,
        headers: {
          ...headers,
          'content-security-policy': nothingAllowed,
          'content-type': 'application/json',
          ...(result.status === 401 && { 'www-authenticate': 'Bearer' }),
          ...retryAfter(result.retryAfterSeconds),
        },
        body: JSON.stringify(result.body),
      };
    case 'page':
      return {
        statusCode: result.status,
        headers: {
          ...headers,
          'content-security-policy': pageSecurityPolicy,
          'content-type': 'text/html; charset=utf-8',
          ...retryAfter(result.retryAfterSeconds),
        },
        body: page(result.title, result.text, result.link),
      };
    case 'text':
      return {
        statusCode: result.status,
        headers: {
          ...headers,
          'content-security-policy': nothingAllowed,
          'content-type': 'text/plain; charset=utf-8',
          ...result.headers,
        },
        body: result.body,
      };
    case 'redirect':
      return {
        statusCode: 303,
        headers: { ...headers, 'content-security-policy': nothingAllowed, location: result.url },
        ...(result.cookie !== undefined && { cookies: [result.cookie] }),
        body: '',
      };
  }
}

function retryAfter(seconds: number | undefined) {
  return seconds === undefined ? {} : { 'retry-after': String(seconds) };
}
