/**
 * The `state` parameter: `flowId.nonce.mac`. The MAC lets the callback reject a forged or mangled state without a
 * database read; the nonce works once; neither reveals anything about the flow.
 * https://www.rfc-editor.org/rfc/rfc6749#section-10.12
 */
import { createHmac } from 'node:crypto';
import { equalInConstantTime } from '../constant-time.ts';
import { type FlowId, flowIdPattern, token } from '../ids.ts';
import type { Secret } from '../telemetry/secret.ts';

/** The signing secret and its predecessor, so that pending flows survive a rotation. */
export interface StateSecrets {
  readonly current: Secret;
  readonly previous?: Secret;
}

export interface State {
  readonly flowId: FlowId;
  /** 256 bits; the flow stores only its digest. */
  readonly nonce: string;
}

const noncePattern = /^[A-Za-z0-9_-]{43}$/;
const macPattern = /^[A-Za-z0-9_-]{43}$/;

/** Mints a new state for a flow. */
export function mintState(
  flowId: FlowId,
  secrets: StateSecrets,
): { readonly state: string; readonly nonce: string } {
  const nonce = token(32);
  return { state: `${flowId}.${nonce}.${mac(flowId, nonce, secrets.current).toString('base64url')}`, nonce };
}

/** Returns the parts of a state whose MAC verifies under the current or the previous secret. */
export function verifyState(state: string, secrets: StateSecrets): State | undefined {
  const [flowId, nonce, presented, ...rest] = state.split('.');
  if (!flowId || !nonce || !presented || rest.length > 0) return undefined;
  if (!flowIdPattern.test(flowId) || !noncePattern.test(nonce) || !macPattern.test(presented))
    return undefined;
  const bytes = Buffer.from(presented, 'base64url');
  // Both MACs are always computed, so that timing does not reveal which secret is current.
  const matches = [secrets.current, secrets.previous].map(
    (secret) => secret !== undefined && equalInConstantTime(mac(flowId, nonce, secret), bytes),
  );
  return matches.includes(true) ? { flowId: flowId as FlowId, nonce } : undefined;
}

function mac(flowId: string, nonce: string, secret: Secret): Buffer {
  return createHmac('sha256', secret.reveal()).update(`state.${flowId}.${nonce}`).digest();
}
