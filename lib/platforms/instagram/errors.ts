/**
 * What refusals of Meta's Graph API and of Instagram's own token endpoint mean, by code and then by subcode, never by
 * status: https://developers.facebook.com/docs/graph-api/guides/error-handling
 */
import * as z from 'zod/mini';
import { jsonObject } from '../../json.ts';
import type { Failure } from '../../oauth/outcome.ts';
import type { ErrorTable, Refusal } from '../../oauth/refusal/refusal.ts';

/** Codes that say the token itself is dead. */
const deadTokenCodes = [
  '190',
  '102',
  ...[458, 459, 460, 463, 464, 467, 492].map((code) => `subcode_${code}`),
];
/** Permissions that were never given or were taken back; only a new consent brings them. */
const permissionCodes = ['3', '10', ...Array.from({ length: 100 }, (_, index) => String(200 + index))];
/** Troubles that pass, and every kind of rate limit. https://developers.facebook.com/docs/graph-api/overview/rate-limiting */
const passingCodes = ['1', '2', '-1', '-2', '4', '17', '32', '341', '613'];
const useCaseLimits = Array.from({ length: 15 }, (_, index) => String(80_000 + index));

/** By code, then by subcode. */
export const graphErrors: ErrorTable = {
  ...meaning([...deadTokenCodes, ...permissionCodes], 'reconnect_required'),
  ...meaning([...passingCodes, ...useCaseLimits], 'retryable'),
  // Here 401 speaks of tokens and not of the app, and without a code it is evidence of nothing.
  http_401: 'retryable',
  '101': 'misconfigured',
  client_refused: 'misconfigured',
  code_refused: 'reconnect_required',
  // A used, expired or foreign code at graph.facebook.com.
  '100/36007': 'reconnect_required',
  '100/36008': 'reconnect_required',
  '100/36009': 'reconnect_required',
};

function meaning<Meaning>(codes: readonly string[], what: Meaning): Record<string, Meaning> {
  return Object.fromEntries(codes.map((code) => [code, what]));
}

const envelope = z.object({
  error: z.object({
    message: z.optional(z.string()),
    code: z.optional(z.number()),
    error_subcode: z.optional(z.number()),
    is_transient: z.optional(z.boolean()),
  }),
});

/** The shape of api.instagram.com, whose numeric code is no more than the status. */
const flat = z.object({ error_type: z.literal('OAuthException'), error_message: z.string() });

/**
 * Sentences that refuse the app and not the user. They share their numbers (1, 100, 400) with passing troubles and with
 * refused codes, so for this one thing the sentence has to tell.
 */
const clientRefusal =
  /^(?:error validating (?:client secret|application)|invalid (?:platform app|client|appsecret_proof))/i;
/** The same for a code of no valid form, which comes without a subcode. */
const codeRefusal = /^(?:invalid verification code|error validating verification code)/i;

/** Reads the Graph API's refusals and those of Instagram's own token endpoint. */
export function readRefusal(body: Readonly<Record<string, unknown>>, headers: Headers): Refusal {
  const flatly = flat.safeParse(body);
  if (flatly.success) {
    return { codes: [clientRefusal.test(flatly.data.error_message) ? 'client_refused' : 'code_refused'] };
  }
  const parsed = envelope.safeParse(body);
  if (!parsed.success) return { codes: [] };
  const { message = '', code, error_subcode: subcode, is_transient: transient = false } = parsed.data.error;
  const afterSeconds = regainSeconds(headers);
  return {
    codes: [
      ...(clientRefusal.test(message) ? ['client_refused'] : []),
      ...(codeRefusal.test(message) ? ['code_refused'] : []),
      ...(subcode === undefined ? [] : [`${code}/${subcode}`]),
      String(code),
      `subcode_${subcode}`,
    ],
    transient,
    ...(afterSeconds !== undefined && { afterSeconds }),
  };
}

const usage = z.record(
  z.string(),
  z.array(z.object({ estimated_time_to_regain_access: z.optional(z.number()) })),
);

/** The longest wait that the usage header names; it counts minutes. No other header of the API says when to retry. */
function regainSeconds(headers: Headers): number | undefined {
  const parsed = usage.safeParse(jsonObject(headers.get('x-business-use-case-usage') ?? ''));
  if (!parsed.success) return undefined;
  const minutes = Object.values(parsed.data)
    .flat()
    .map((entry) => entry.estimated_time_to_regain_access ?? 0);
  const longest = Math.max(0, ...minutes);
  return longest > 0 ? Math.min(longest * 60, 86_400) : undefined;
}

/** Whether a failure says that the token is dead, and not that a permission is missing. */
export function isDeadToken(failure: Failure): boolean {
  return failure.kind === 'reconnect_required' && deadTokenCodes.includes(failure.reason);
}
