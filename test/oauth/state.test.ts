/** The OAuth state: the MAC exposes a forged, altered or foreign one without a database read. */
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FlowId, flowIdPattern, newFlowId } from '../../lib/ids.ts';
import { mintState, verifyState } from '../../lib/oauth/state.ts';
import { Secret } from '../../lib/telemetry/secret.ts';

const secretOf = (name: string) => new Secret(`s4ndb0x-${name}`.padEnd(43, 'k'));
const secrets = { current: secretOf('current'), previous: secretOf('previous') };
const base64url = fc.stringMatching(/^[A-Za-z0-9_-]{22}$/).map((id) => id as FlowId);

describe('an OAuth state', () => {
  it('carries flow id and nonce within 200 characters', () => {
    fc.assert(
      fc.property(base64url, (flowId) => {
        const { state, nonce } = mintState(flowId, secrets);

        expect(verifyState(state, secrets)).toEqual({ flowId, nonce });
        expect(state.length).toBeLessThanOrEqual(200);
        expect(encodeURIComponent(state)).toBe(state);
      }),
    );
  });

  it('row 3: has a fresh nonce of 256 bits each time', () => {
    const flowId = newFlowId();

    const nonces = Array.from({ length: 500 }, () => mintState(flowId, secrets).nonce);

    expect(new Set(nonces).size).toBe(nonces.length);
    for (const nonce of nonces) expect(Buffer.from(nonce, 'base64url')).toHaveLength(32);
  });

  it('is accepted under the current and the previous secret, and under no older one', () => {
    const { state } = mintState(newFlowId(), { current: secrets.previous });

    expect(verifyState(state, secrets)).toBeDefined();
    expect(verifyState(state, { current: secretOf('newer'), previous: secrets.current })).toBeUndefined();
    expect(verifyState(state, { current: secrets.current })).toBeUndefined();
  });
});

describe('row 3: a state is refused', () => {
  it('when its MAC was made with another secret, or is empty', () => {
    const { state } = mintState(newFlowId(), { current: secretOf('foreign') });
    const [flowId = '', nonce = ''] = state.split('.');
    const unkeyed = createHmac('sha256', '').update(`state.${flowId}.${nonce}`).digest('base64url');

    expect(verifyState(state, secrets)).toBeUndefined();
    expect(verifyState(`${flowId}.${nonce}.${unkeyed}`, secrets)).toBeUndefined();
    expect(verifyState(`${flowId}.${nonce}.${'A'.repeat(43)}`, secrets)).toBeUndefined();
  });

  it('when parts of two states are joined', () => {
    const [one, other] = [mintState(newFlowId(), secrets), mintState(newFlowId(), secrets)];
    const [flowId, nonce, mac] = one.state.split('.');
    const [otherFlowId, otherNonce, otherMac] = other.state.split('.');

    for (const parts of [
      [otherFlowId, nonce, mac],
      [flowId, otherNonce, mac],
      [flowId, nonce, otherMac],
    ]) {
      expect(verifyState(parts.join('.'), secrets)).toBeUndefined();
    }
  });

  it('after any change of one character, any cut and any addition', () => {
    const { state } = mintState(newFlowId(), secrets);
    const character = fc.constantFrom(...'AZaz09_-.=+/%\u0000é'.split(''));

    fc.assert(
      fc.property(fc.nat(state.length - 1), character, (position, other) => {
        const changed = state.slice(0, position) + other + state.slice(position + 1);
        const cut = state.slice(0, position);
        const longer = state.slice(0, position) + other + state.slice(position);

        if (changed !== state) expect(refusedOrSame(changed, state)).toBe(true);
        expect(verifyState(cut, secrets)).toBeUndefined();
        expect(verifyState(longer, secrets)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it('when it is any other text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `${text}.${text}.${text}`),
        ),
        (text) => {
          expect(verifyState(text, secrets)).toBeUndefined();
        },
      ),
    );
    for (const text of ['', '.', '..', '...', 'a.b.c']) expect(verifyState(text, secrets)).toBeUndefined();
  });

  it('when its MAC covers a malformed flow id', () => {
    const nonce = 'A'.repeat(43);
    for (const flowId of ['short', 'a'.repeat(23), `${'a'.repeat(21)}#`]) {
      const mac = createHmac('sha256', secrets.current.reveal())
        .update(`state.${flowId}.${nonce}`)
        .digest('base64url');

      expect(flowIdPattern.test(flowId)).toBe(false);
      expect(verifyState(`${flowId}.${nonce}.${mac}`, secrets)).toBeUndefined();
    }
  });
});

/** The last character of 32 bytes in base64url has two bits to spare: four spellings are one MAC. */
function refusedOrSame(changed: string, state: string): boolean {
  const macOf = (text: string) => Buffer.from(text.split('.')[2] ?? '', 'base64url').toString('hex');
  return verifyState(changed, secrets) === undefined || macOf(changed) === macOf(state);
}
