/**
 * The `state` parameter: `flowId.nonce.mac`. The MAC lets a forged or mangled state be refused without touching
 * the database; the nonce works once; neither says anything about the flow.
 */
import { createHmac } from 'node:crypto';
import { equalInConstantTime } from '../constant-time.ts';
import { type FlowId, flowIdPattern, token } from '../ids.ts';
import type { Secret } from '../telemetry/secret.ts';

/** The secret that signs states, and the one before it, so that flows under way survive its rotation. */
export interface StateSecrets {
  readonly current: Secret;
  readonly previous?: Secret;
}

export interface State {
  readonly flowId: FlowId;
  /** 256 bits; only its digest is stored. */
  readonly nonce: string;
}

const noncePattern = /^[A-Za-z0-9_-]{43}$/;
const macPattern = /^[A-Za-z0-9_-]{43}$/;

/** A new state for a flow. */
export function mintState(
  flowId: FlowId,
  secrets: StateSecrets,
): { readonly state: string; readonly nonce: string } {
  const nonce = token(32);
  return { state: `${flowId}.${nonce}.${mac(flowId, nonce, secrets.current).toString('base64url')}`, nonce };
}

/** The state's parts if its MAC is ours, under the current secret or the one before. */
export function verifyState(state: string, secrets: StateSecrets): State | undefined {
  const [flowId, nonce, presented, ...rest] = state.split('.');
  if (!flowId || !nonce || !presented || rest.length > 0) return undefined;
  if (!flowIdPattern.test(flowId) || !noncePattern.test(nonce) || !macPattern.test(presented))
    return undefined;
  const bytes = Buffer.from(presented, 'base64url');
  // Both are computed whichever matches, so that time does not tell which secret is current.
  const matches = [secrets.current, secrets.previous].map(
    (secret) => secret !== undefined && equalInConstantTime(mac(flowId, nonce, secret), bytes),
  );
  return matches.includes(true) ? { flowId: flowId as FlowId, nonce } : undefined;
}

function mac(flowId: string, nonce: string, secret: Secret): Buffer {
  return createHmac('sha256', secret.reveal()).update(`state.${flowId}.${nonce}`).digest();
}
