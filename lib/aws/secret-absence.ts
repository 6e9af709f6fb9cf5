/** When a secret counts as absent: it was never made, or it was removed and only waits for the end of its recovery window. */
import { InvalidRequestException, ResourceNotFoundException } from '@aws-sdk/client-secrets-manager';

export function isAbsent(error: unknown): boolean {
  return error instanceof ResourceNotFoundException || isMarkedForDeletion(error);
}

/** Secrets Manager has one exception for every state that forbids an operation; only its message names the state. */
export function isMarkedForDeletion(error: unknown): boolean {
  return error instanceof InvalidRequestException && /(?:marked|scheduled) for deletion/.test(error.message);
}
