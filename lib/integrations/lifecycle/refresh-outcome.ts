/** How a refresh can end: one union from the platform to the edge, where {@link refreshError} makes an error of it. */
import type { SealedConnection } from '../../connections/connection.ts';
import { catalogue, IntegrationError } from '../../errors.ts';

export type RefreshOutcome = Refreshed | RefreshFailure;

export type Refreshed =
  /** New credentials, whether this call obtained them or another one. */
  | { readonly kind: 'refreshed'; readonly connection: SealedConnection }
  /** The platform finds it too early to refresh; the credentials stay good. */
  | { readonly kind: 'unchanged'; readonly connection: SealedConnection };

export type RefreshFailure =
  /** The grant is gone; only the user can bring it back. */
  | { readonly kind: 'reconnect_required'; readonly reason: string | undefined }
  /** The connection is being disconnected, or is gone. */
  | { readonly kind: 'disconnected' }
  /** The platform gave nothing to refresh with. */
  | { readonly kind: 'not_refreshable' }
  /** Nothing is decided; the same refresh may succeed later. */
  | { readonly kind: 'postponed'; readonly reason: string; readonly retryAfterSeconds: number }
  /** The platform refused the provider app. */
  | { readonly kind: 'misconfigured'; readonly reason: string }
  /** The provider app is missing or its registration is incomplete, so the platform could not be asked. */
  | { readonly kind: 'not_registered'; readonly error: IntegrationError }
  | Unavailable;

/** A part of our own infrastructure failed, so the platform was not asked or its answer not stored. */
export interface Unavailable {
  readonly kind: 'unavailable';
  readonly error: IntegrationError;
  /** Whether time alone can repair it. */
  readonly retryable: boolean;
}

export function postponed(reason: string, milliseconds: number): RefreshFailure {
  return { kind: 'postponed', reason, retryAfterSeconds: Math.max(1, Math.ceil(milliseconds / 1000)) };
}

export function isFailure(outcome: RefreshOutcome): outcome is RefreshFailure {
  return outcome.kind !== 'refreshed' && outcome.kind !== 'unchanged';
}

/**
 * The one place where failures of the stores and the vault become an outcome, for those who must go on in spite of
 * them. Anything else that is thrown is a defect, and passes.
 */
export async function survive<Result>(work: () => Promise<Result>): Promise<Result | Unavailable> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof IntegrationError)) throw error;
    return { kind: 'unavailable', error, retryable: catalogue[error.code].retryable };
  }
}
