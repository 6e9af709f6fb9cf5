/**
 * The states of a flow run one way: pending → held → redeeming → connected, or → failed from any state before the end.
 * Each step is one conditional write, so that of two concurrent requests one wins and the other learns that it lost.
 */
import { digest } from '../constant-time.ts';
import type { FlowId } from '../ids.ts';
import { absent, allOf, anyOf, type Condition, equals, greaterThan } from '../table/condition.ts';
import { flowKey } from '../table/keys.ts';
import type { Item, Table } from '../table/table.ts';
import { type Flow, type FlowStatus, flowRecord, holdMilliseconds } from './flow.ts';
import type { FlowFailure, FlowOutcome } from './flow-outcome.ts';

export type FlowStore = ReturnType<typeof createFlowStore>;

/** DynamoDB deletes a flow a day after its end. That only cleans up: every reader checks `expiresAt` itself. */
const keptSeconds = 86_400;
const secrets = ['sealedCode', 'sealedVerifier', 'stateDigest', 'browserDigest'] as const;

export function createFlowStore(table: Table, now: () => number) {
  return {
    async get(id: FlowId): Promise<Flow | undefined> {
      const item = await table.get(flowKey(id));
      return item && flowRecord.parse(item);
    },

    async create(flow: Flow): Promise<void> {
      const ttl = Math.floor(flow.expiresAt / 1000) + keptSeconds;
      if (!(await table.put(flowKey(flow.id), { ...flow, ttl }))) {
        throw new Error('A flow id came up twice.');
      }
    },

    /**
     * Binds the flow to a browser and to a new state. The first browser wins; the same browser may start again,
     * which invalidates its earlier state. Returns whether this browser may continue.
     */
    async begin(id: FlowId, browserSecret: string, nonce: string): Promise<boolean> {
      const browserDigest = digest(browserSecret);
      return step(
        id,
        { set: { browserDigest, stateDigest: digest(nonce) } },
        'pending',
        anyOf(absent('browserDigest'), equals('browserDigest', browserDigest)),
      );
    },

    /** Consumes the state and keeps the sealed code for `complete`. */
    hold(id: FlowId, nonce: string, sealedCode: Uint8Array, completion: string): Promise<boolean> {
      return step(
        id,
        {
          set: {
            status: 'held',
            sealedCode,
            completionDigest: digest(completion),
            heldUntil: now() + holdMilliseconds,
          },
          remove: ['stateDigest', 'browserDigest'],
        },
        'pending',
        equals('stateDigest', digest(nonce)),
      );
    },

    /** Takes the code out of the flow, so that no other request can redeem it. */
    redeem(id: FlowId, from: 'held' | 'pending', nonce?: string): Promise<boolean> {
      return step(
        id,
        {
          set: { status: 'redeeming', redeemingSince: now() },
          remove: ['sealedCode', 'stateDigest', 'browserDigest'],
        },
        from,
        nonce === undefined ? greaterThan('heldUntil', now()) : equals('stateDigest', digest(nonce)),
      );
    },

    /** Fails the flow before its code is redeemed. A flow that has advanced meanwhile stays as it is. */
    fail(flow: Flow, outcome: FlowFailure): Promise<boolean> {
      return step(flow.id, { set: { status: 'failed', outcome }, remove: secrets }, flow.status);
    },

    /** Records how the redemption ended. */
    finish(id: FlowId, outcome: FlowOutcome): Promise<boolean> {
      return step(id, { set: { status: outcome.kind, outcome }, remove: secrets }, 'redeeming');
    },
  };

  async function step(
    id: FlowId,
    change: { readonly set: Item; readonly remove?: readonly string[] },
    from: FlowStatus,
    ...conditions: readonly Condition[]
  ): Promise<boolean> {
    // Only a step that continues the flow must be in time; failing an expired flow is always right.
    const inTime =
      from === 'pending' && change.set['status'] !== 'failed' ? [greaterThan('expiresAt', now())] : [];
    const item = await table.update(
      flowKey(id),
      change,
      allOf(equals('status', from), ...inTime, ...conditions),
    );
    return item !== undefined;
  }
}
