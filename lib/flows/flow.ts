/**
 * A flow: one attempt to connect. Keyed by its id, it snapshots at `connect` all that matters later, so that nothing
 * a browser or a platform sends can change whom, where or what it connects.
 */
import * as z from 'zod/mini';
import {
  type AccountId,
  type ContextId,
  type FlowId,
  type ProviderId,
  storedId,
  type TenantId,
  type UserId,
} from '../ids.ts';
import type { Endpoints } from '../oauth/server.ts';
import { storedEndpoints } from '../oauth/stored-endpoints.ts';

/** A flow lives ten minutes, from `connect` to `complete`. */
export const flowMilliseconds = 600_000;
/** A code waits at most 60 seconds for `complete`. */
export const holdMilliseconds = 60_000;
/** A redemption that has not ended after this long never will: twice the function's time-out. */
export const redemptionMilliseconds = 60_000;

export type FlowStatus =
  /** Waiting for the browser to come back from the platform. */
  | 'pending'
  /** The code is sealed in the flow and waits for `complete`. */
  | 'held'
  /** The code was taken out, and is being redeemed; it never goes back. */
  | 'redeeming'
  | 'connected'
  | 'failed';

/** How a flow ended; repeated to the user who repeats `complete`. */
export type FlowOutcome =
  | { readonly kind: 'connected'; readonly accounts: readonly AccountId[] }
  | { readonly kind: 'failed'; readonly code: string; readonly reason?: string };

/** Where the platform is, as it was when the flow began. */
export interface FlowTarget {
  readonly issuer?: string;
  readonly issuerInResponse: boolean;
  readonly endpoints: Endpoints;
}

export interface Flow {
  readonly id: FlowId;
  readonly tenantId: TenantId;
  /** Shown on the page of a direct flow: who will gain access. */
  readonly tenantName: string;
  readonly userId: UserId;
  readonly provider: ProviderId;
  readonly context: ContextId;
  readonly clientId: string;
  /** Version of the provider app's registration; a flow does not survive a change of it. */
  readonly appVersion: number;
  readonly target: FlowTarget;
  readonly scopes: readonly string[];
  readonly redirectUri: string;
  readonly returnUrl: string;
  readonly completion: 'confirm' | 'direct';
  /** The account that must come back, on a reconnect. */
  readonly expectedAccount?: AccountId;
  /** PKCE: the challenge is public, the verifier sealed. */
  readonly challenge?: string;
  readonly sealedVerifier?: Uint8Array;
  /** OpenID Connect: ties the ID token to this flow. */
  readonly nonce?: string;
  readonly status: FlowStatus;
  /** Epoch milliseconds, as are all times here. */
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Digest of the secret in the browser's cookie. */
  readonly browserDigest?: Uint8Array;
  /** Digest of the nonce of the one state that works. */
  readonly stateDigest?: Uint8Array;
  readonly sealedCode?: Uint8Array;
  readonly completionDigest?: Uint8Array;
  readonly heldUntil?: number;
  readonly redeemingSince?: number;
  readonly outcome?: FlowOutcome;
}

const bytes = z.instanceof(Uint8Array);

/** The stored shape of a flow. */
export const flowRecord = z.object({
  id: storedId<FlowId>(),
  tenantId: storedId<TenantId>(),
  tenantName: z.string(),
  userId: storedId<UserId>(),
  provider: storedId<ProviderId>(),
  context: storedId<ContextId>(),
  clientId: z.string(),
  appVersion: z.number(),
  target: z.object({
    issuer: z.exactOptional(z.string()),
    issuerInResponse: z.boolean(),
    endpoints: storedEndpoints,
  }),
  scopes: z.array(z.string()),
  redirectUri: z.string(),
  returnUrl: z.string(),
  completion: z.enum(['confirm', 'direct']),
  expectedAccount: z.exactOptional(storedId<AccountId>()),
  challenge: z.exactOptional(z.string()),
  sealedVerifier: z.exactOptional(bytes),
  nonce: z.exactOptional(z.string()),
  status: z.enum(['pending', 'held', 'redeeming', 'connected', 'failed']),
  createdAt: z.number(),
  expiresAt: z.number(),
  browserDigest: z.exactOptional(bytes),
  stateDigest: z.exactOptional(bytes),
  sealedCode: z.exactOptional(bytes),
  completionDigest: z.exactOptional(bytes),
  heldUntil: z.exactOptional(z.number()),
  redeemingSince: z.exactOptional(z.number()),
  outcome: z.exactOptional(
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('connected'), accounts: z.array(storedId<AccountId>()) }),
      z.object({ kind: z.literal('failed'), code: z.string(), reason: z.exactOptional(z.string()) }),
    ]),
  ),
});
