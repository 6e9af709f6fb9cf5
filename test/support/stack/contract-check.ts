/**
 * Holds an answer of the API against the contract: the success schema to the last field, an error of the catalogue
 * that the route declares, and the headers that stand on everything.
 */
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { contract, type RouteName } from '../../../lib/contract/contract.ts';
import type { Route } from '../../../lib/contract/route.ts';
import { catalogue, type ErrorCode } from '../../../lib/errors.ts';
import type { RawAnswer } from './http-exchange.ts';

export interface ApiFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly userMessage: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly correlationId: string;
}

/** What an answer is, once it has been found to be in order. */
export type CheckedAnswer =
  | { readonly kind: 'success'; readonly body: unknown }
  | { readonly kind: 'failure'; readonly failure: ApiFailure }
  | { readonly kind: 'redirect'; readonly location: string }
  | { readonly kind: 'page'; readonly text: string };

const failureSchema = z.strictObject({
  error: z.strictObject({
    code: z.enum(Object.keys(catalogue) as [ErrorCode, ...ErrorCode[]]),
    message: z.string().min(1),
    retryable: z.boolean(),
    userMessage: z.string().min(1),
    details: z.exactOptional(z.record(z.string(), z.unknown())),
    correlationId: z.string().min(1),
  }),
});

/** @throws Error saying what the answer breaks. */
export function checkAnswer(routeName: RouteName, answer: RawAnswer): CheckedAnswer {
  const route: Route = contract[routeName];
  const broken = (what: string) =>
    new Error(`${routeName} answered ${answer.status}: ${what}\n${answer.text.slice(0, 500)}`);
  checkHeaders(answer.headers, broken);
  if (leaksInsides(answer.text)) throw broken('it shows a stack trace or a path.');
  if (route.caller === 'browser') return checkBrowserAnswer(route, answer, broken);
  // A platform is answered in the words it asked for.
  if (route.caller === 'platform' && answer.status === route.success.status) {
    return { kind: 'success', body: answer.text };
  }
  const body = parse(answer, broken);
  if (answer.status !== route.success.status) {
    return { kind: 'failure', failure: checkFailure(route, answer, body, broken) };
  }
  const parsed = route.success.schema?.safeParse(body);
  if (!parsed?.success) throw broken(`it does not fit the contract: ${String(parsed?.error)}`);
  if (!isDeepStrictEqual(parsed.data, body)) throw broken('it has fields that the contract does not name.');
  return { kind: 'success', body };
}

function checkFailure(
  route: Route,
  answer: RawAnswer,
  body: unknown,
  broken: (what: string) => Error,
): ApiFailure {
  const parsed = failureSchema.safeParse(body);
  if (!parsed.success) throw broken(`it is no error of the catalogue: ${parsed.error.message}`);
  const { error } = parsed.data;
  const entry = catalogue[error.code];
  if (!route.errors.includes(error.code)) throw broken(`the route does not declare ${error.code}.`);
  if (entry.status !== answer.status) throw broken(`${error.code} has status ${entry.status}.`);
  if (entry.retryable !== error.retryable || entry.userMessage !== error.userMessage) {
    throw broken('it differs from the catalogue.');
  }
  if (error.correlationId !== answer.headers.get('x-correlation-id')) {
    throw broken('body and header name different correlation ids.');
  }
  const retryAfter = answer.headers.get('retry-after');
  if (entry.retryable !== (retryAfter !== null && /^\d+$/.test(retryAfter))) {
    throw broken('Retry-After and retryable do not agree.');
  }
  return error;
}

/** Start and callback speak to people: a redirect, or a small page with a status of the catalogue. */
function checkBrowserAnswer(route: Route, answer: RawAnswer, broken: (what: string) => Error): CheckedAnswer {
  const location = answer.headers.get('location');
  if (answer.status === 303) {
    if (location === null || answer.text !== '') throw broken('a redirect has a location and no body.');
    return { kind: 'redirect', location };
  }
  const pages = route.page === undefined ? [] : [200];
  const declared = [...pages, ...route.errors.map((code) => catalogue[code].status)];
  if (!declared.includes(answer.status)) throw broken('the route declares no such status.');
  if (!answer.headers.get('content-type')?.startsWith('text/html')) throw broken('a page is HTML.');
  if (location !== null) throw broken('a page sends nobody anywhere.');
  return { kind: 'page', text: answer.text };
}

/** What stands on every answer (security.md rows 5 and 18). */
function checkHeaders(headers: Headers, broken: (what: string) => Error): void {
  const expected = {
    'cache-control': /^no-store$/,
    'referrer-policy': /^no-referrer$/,
    'x-content-type-options': /^nosniff$/,
    'x-frame-options': /^DENY$/,
    'content-security-policy': /^default-src 'none';(?:.*; ?| )frame-ancestors 'none'$/,
    'strict-transport-security': /^max-age=\d+$/,
    'x-correlation-id': /^.+$/,
  };
  for (const [name, pattern] of Object.entries(expected)) {
    if (!pattern.test(headers.get(name) ?? '')) throw broken(`the header ${name} is not as it must be.`);
  }
  // It would cut a consent window off from the page that opened it.
  if (headers.has('cross-origin-opener-policy')) throw broken('there must be no opener policy.');
}

/** Whether a text shows what only the inside should know: stack frames, source files, names of modules. */
export function leaksInsides(text: string): boolean {
  return /(?:\n|\\n)\s*at [^\n]+:\d+:\d+|\bnode_modules\b|node:internal|\.ts:\d+|\bZodError\b/.test(text);
}

function parse(answer: RawAnswer, broken: (what: string) => Error): unknown {
  if (answer.headers.get('content-type') !== 'application/json') throw broken('it is not JSON.');
  try {
    return JSON.parse(answer.text);
  } catch {
    throw broken('it is not JSON.');
  }
}
