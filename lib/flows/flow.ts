/**
 * A flow: one attempt to connect. `connect` freezes in it everything that matters later, so that nothing a browser or a
 * platform sends can change which user, platform or account it connects.
 */
import * as z from 'zod/mini';
import {
  type AccountId,
  type AppId,
  type FlowId,
  type ProviderId,
  storedId,
  type TenantId,
  type UserId,
} from '../ids.ts';
import { storedTarget } from '../oauth/stored-target.ts';
import { completion, type ReadonlyOutput, storedBytes } from '../vocabulary.ts';
import { flowOutcome } from './flow-outcome.ts';

/** A flow lives ten minutes, from `connect` to `complete`. */
export const flowMilliseconds = 600_000;
/** A code waits at most 60 seconds for `complete`. */
export const holdMilliseconds = 60_000;
/** A redemption that has not ended after this long never will: twice the function's time-out. */
export const redemptionMilliseconds = 60_000;

export const flowStatus = z.enum([
  /** Waits for the browser to return from the platform. */
  'pending',
  /** The code is sealed in the flow and waits for `complete`. */
  'held',
  /** One request took the code out and redeems it; the code is never put back. */
  'redeeming',
  'connected',
  'failed',
]);
export type FlowStatus = z.output<typeof flowStatus>;

export const flowRecord = z.object({
  id: storedId<FlowId>(),
  tenantId: storedId<TenantId>(),
  /** Shown on the page of a direct flow: who will gain access. */
  tenantName: z.string(),
  userId: storedId<UserId>(),
  provider: storedId<ProviderId>(),
  appId: storedId<AppId>(),
  clientId: z.string(),
  /** Version of the provider app's registration; a flow does not survive a change of it. */
  appVersion: z.number(),
  /** Where the platform is, as it was when the flow began. */
  target: storedTarget,
  scopes: z.array(z.string()),
  redirectUri: z.string(),
  returnUrl: z.string(),
  completion,
  /** The account that a reconnect must return. */
  expectedAccount: z.exactOptional(storedId<AccountId>()),
  /** PKCE: the challenge is public, the verifier sealed. */
  challenge: z.exactOptional(z.string()),
  sealedVerifier: z.exactOptional(storedBytes),
  /** OpenID Connect: ties the ID token to this flow. */
  nonce: z.exactOptional(z.string()),
  status: flowStatus,
  /** Epoch milliseconds, as are all times here. */
  createdAt: z.number(),
  expiresAt: z.number(),
  /** Digest of the secret in the browser's cookie. */
  browserDigest: z.exactOptional(storedBytes),
  /** Digest of the nonce of the one state that works. */
  stateDigest: z.exactOptional(storedBytes),
  sealedCode: z.exactOptional(storedBytes),
  completionDigest: z.exactOptional(storedBytes),
  heldUntil: z.exactOptional(z.number()),
  redeemingSince: z.exactOptional(z.number()),
  outcome: z.exactOptional(flowOutcome),
});
export type Flow = ReadonlyOutput<typeof flowRecord>;
