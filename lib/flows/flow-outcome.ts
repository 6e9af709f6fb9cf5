/**
 * How a flow ends. It names each reason for a failed flow once, with the error code that the tenant receives for it;
 * stored outcomes are parsed against the same words.
 */
import * as z from 'zod/mini';
import { type AccountId, storedId } from '../ids.ts';

const flowFailureCode = z.enum([
  'ACCESS_DENIED',
  'ACCOUNT_ALREADY_CONNECTED',
  'ACCOUNT_MISMATCH',
  'FLOW_EXPIRED',
  'FLOW_USER_MISMATCH',
  'OAUTH_CALLBACK_ERROR',
]);

const flowFailureReason = z.enum([
  /** The callback names another provider app than the flow's. */
  'app',
  'expired',
  /** The callback's issuer is not the flow's (RFC 9207). */
  'issuer',
  /** The user refused the consent. */
  'denied',
  /** The platform answered with an error of its own. */
  'platform_error',
  /** The callback has no code, or one that is too long. */
  'code',
  /** Another user than the one who began tried to complete. */
  'user',
  /** `complete` came too late for the code. */
  'completion_expired',
  'code_refused',
  'misconfigured',
  'platform_unavailable',
  /** The platform may have redeemed the code, and its answer was lost. */
  'answer_lost',
  'required_scope_missing',
  'profile_unavailable',
  'no_account',
  /** The platform named an account by an id that cannot be stored. */
  'account_id',
  /** The token answer and the profile name different people. */
  'subject_mismatch',
  /** The user reconnected a different account. */
  'account_mismatch',
  /** Another user of the tenant holds every account of the grant. */
  'account_taken',
  'not_stored',
]);

type FlowFailureCode = z.output<typeof flowFailureCode>;
export type FlowFailureReason = z.output<typeof flowFailureReason>;

const codeOfReason: Readonly<Record<FlowFailureReason, FlowFailureCode>> = {
  app: 'OAUTH_CALLBACK_ERROR',
  expired: 'FLOW_EXPIRED',
  issuer: 'OAUTH_CALLBACK_ERROR',
  denied: 'ACCESS_DENIED',
  platform_error: 'OAUTH_CALLBACK_ERROR',
  code: 'OAUTH_CALLBACK_ERROR',
  user: 'FLOW_USER_MISMATCH',
  completion_expired: 'FLOW_EXPIRED',
  code_refused: 'OAUTH_CALLBACK_ERROR',
  misconfigured: 'OAUTH_CALLBACK_ERROR',
  platform_unavailable: 'OAUTH_CALLBACK_ERROR',
  answer_lost: 'OAUTH_CALLBACK_ERROR',
  required_scope_missing: 'ACCESS_DENIED',
  profile_unavailable: 'OAUTH_CALLBACK_ERROR',
  no_account: 'OAUTH_CALLBACK_ERROR',
  account_id: 'OAUTH_CALLBACK_ERROR',
  subject_mismatch: 'OAUTH_CALLBACK_ERROR',
  account_mismatch: 'ACCOUNT_MISMATCH',
  account_taken: 'ACCOUNT_ALREADY_CONNECTED',
  not_stored: 'OAUTH_CALLBACK_ERROR',
};

const connected = z.object({
  kind: z.literal('connected'),
  accounts: z.readonly(z.array(storedId<AccountId>())),
});
const failed = z.object({ kind: z.literal('failed'), code: flowFailureCode, reason: flowFailureReason });

/** The stored shape of an outcome, from which a repeated `complete` gets the same answer. */
export const flowOutcome = z.discriminatedUnion('kind', [connected, failed]);

export type FlowOutcome = Readonly<z.output<typeof connected>> | FlowFailure;
export type FlowFailure = Readonly<z.output<typeof failed>>;

export function flowFailure(reason: FlowFailureReason): FlowFailure {
  return { kind: 'failed', code: codeOfReason[reason], reason };
}
