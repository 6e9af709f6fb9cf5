/** The flow's one-way street: each step only from its state and in time, and of many rivals exactly one. */
import { describe, expect, it } from 'vitest';
import { digest } from '../../lib/constant-time.ts';
import { createFlowStore } from '../../lib/flows/flow-store.ts';
import { newFlowId } from '../../lib/ids.ts';
import { aFlow, testClock, winners } from '../support/records.ts';
import { onEachEngine } from '../table/engines.ts';

const [browser, otherBrowser] = ['s4ndb0x-browser', 's4ndb0x-other-browser'];
const [nonce, otherNonce] = ['s4ndb0x-nonce', 's4ndb0x-other-nonce'];
const completion = 's4ndb0x-completion';
const sealedCode = Uint8Array.of(9, 9, 9);

onEachEngine((engine) => {
  /** A store with one flow in it. */
  async function stored(changes: Parameters<typeof aFlow>[1] = {}) {
    const clock = testClock();
    const table = await engine.newTable();
    const flows = createFlowStore(table, clock.now);
    const flow = aFlow(clock.now(), changes);
    await flows.create(flow);
    return { clock, table, flows, flow, read: () => flows.get(flow.id) };
  }

  async function begun() {
    const all = await stored();
    await all.flows.begin(all.flow.id, browser, nonce);
    return all;
  }

  async function held() {
    const all = await begun();
    await all.flows.hold(all.flow.id, nonce, sealedCode, completion);
    return all;
  }

  describe('a new flow', () => {
    it('is returned as it was stored, and an unknown flow is undefined', async () => {
      const { flows, flow, read } = await stored();

      expect(await read()).toEqual(flow);
      expect(await flows.get(newFlowId())).toBeUndefined();
    });

    it('does not replace a flow with the same id', async () => {
      const { flows, flow, read } = await stored();

      await expect(flows.create({ ...flow, clientId: 'other' })).rejects.toThrow(/came up twice/);
      expect((await read())?.clientId).toBe(flow.clientId);
    });

    it('is deleted a day after it expired', async () => {
      const { table, flow } = await stored();

      const item = await table.get({ pk: `flow#${flow.id}`, sk: 'flow' });

      expect(item?.['ttl']).toBe(Math.floor(flow.expiresAt / 1_000) + 86_400);
    });
  });

  describe('begin', () => {
    it('row 3: binds the flow to a browser and a state, of which only digests are stored', async () => {
      const { flows, flow, read } = await stored();

      expect(await flows.begin(flow.id, browser, nonce)).toBe(true);

      const after = await read();
      expect(after?.browserDigest).toEqual(new Uint8Array(digest(browser)));
      expect(after?.stateDigest).toEqual(new Uint8Array(digest(nonce)));
      expect(JSON.stringify(after)).not.toContain('s4ndb0x');
    });

    it('row 21: lets the same browser start again with a new state, and no other browser', async () => {
      const { flows, flow, read } = await begun();

      expect(await flows.begin(flow.id, otherBrowser, otherNonce)).toBe(false);
      expect((await read())?.stateDigest).toEqual(new Uint8Array(digest(nonce)));
      expect(await flows.begin(flow.id, browser, otherNonce)).toBe(true);
      expect((await read())?.stateDigest).toEqual(new Uint8Array(digest(otherNonce)));
    });

    it('row 21: lets exactly one of ten browsers begin the flow', async () => {
      const { flows, flow } = await stored();

      const let_in = await Promise.all(
        Array.from({ length: 10 }, (_each, rival) =>
          flows.begin(flow.id, `${browser}-${rival}`, `${nonce}-${rival}`),
        ),
      );

      expect(winners(let_in)).toBe(1);
    });

    it('row 21: refuses an expired flow', async () => {
      const { clock, flows, flow } = await stored();
      clock.advance(600);

      expect(await flows.begin(flow.id, browser, nonce)).toBe(false);
    });

    it('refuses an unknown flow', async () => {
      const { flows } = await stored();

      expect(await flows.begin(newFlowId(), browser, nonce)).toBe(false);
    });
  });

  describe('hold', () => {
    it('keeps the sealed code for a minute and consumes state and cookie', async () => {
      const { clock, flows, flow, read } = await begun();

      expect(await flows.hold(flow.id, nonce, sealedCode, completion)).toBe(true);

      const after = await read();
      expect(after).toMatchObject({ status: 'held', sealedCode, heldUntil: clock.now() + 60_000 });
      expect(after?.completionDigest).toEqual(new Uint8Array(digest(completion)));
      expect(after).not.toHaveProperty('stateDigest');
      expect(after).not.toHaveProperty('browserDigest');
    });

    it('row 6: accepts a state once', async () => {
      const { flows, flow } = await held();

      expect(await flows.hold(flow.id, nonce, sealedCode, completion)).toBe(false);
    });

    it('row 6: lets exactly one of ten callbacks pass', async () => {
      const { flows, flow } = await begun();

      const passed = await Promise.all(
        Array.from({ length: 10 }, () => flows.hold(flow.id, nonce, sealedCode, completion)),
      );

      expect(winners(passed)).toBe(1);
    });

    it('row 3: refuses a state that a later start replaced, and any state before the start', async () => {
      const { flows, flow } = await stored();

      expect(await flows.hold(flow.id, nonce, sealedCode, completion)).toBe(false);
      await flows.begin(flow.id, browser, nonce);
      await flows.begin(flow.id, browser, otherNonce);
      expect(await flows.hold(flow.id, nonce, sealedCode, completion)).toBe(false);
      expect(await flows.hold(flow.id, otherNonce, sealedCode, completion)).toBe(true);
    });

    it('refuses an expired flow', async () => {
      const { clock, flows, flow } = await begun();
      clock.advance(600);

      expect(await flows.hold(flow.id, nonce, sealedCode, completion)).toBe(false);
    });
  });

  describe('redeem', () => {
    it('returns and removes the code of a held flow', async () => {
      const { clock, flows, flow, read } = await held();

      expect(await flows.redeem(flow.id, 'held')).toBe(true);

      expect(await read()).toMatchObject({ status: 'redeeming', redeemingSince: clock.now() });
      expect(await read()).not.toHaveProperty('sealedCode');
    });

    it('row 6: gives the code to exactly one of ten concurrent callers', async () => {
      const { flows, flow } = await held();

      const taken = await Promise.all(Array.from({ length: 10 }, () => flows.redeem(flow.id, 'held')));

      expect(winners(taken)).toBe(1);
    });

    it('row 4: refuses a code that has been held for a minute', async () => {
      const { clock, flows, flow } = await held();
      clock.advance(60);

      expect(await flows.redeem(flow.id, 'held')).toBe(false);
    });

    it('row 6: accepts the state of a direct flow once, and no other state', async () => {
      const { flows, flow } = await begun();

      expect(await flows.redeem(flow.id, 'pending', otherNonce)).toBe(false);
      const taken = await Promise.all(
        Array.from({ length: 10 }, () => flows.redeem(flow.id, 'pending', nonce)),
      );

      expect(winners(taken)).toBe(1);
    });

    it('refuses an expired pending flow, and a flow that is not held', async () => {
      const { clock, flows, flow } = await begun();

      expect(await flows.redeem(flow.id, 'held')).toBe(false);
      clock.advance(600);
      expect(await flows.redeem(flow.id, 'pending', nonce)).toBe(false);
    });
  });

  describe('the outcome of a flow', () => {
    const failed = { kind: 'failed', code: 'ACCESS_DENIED', reason: 'denied' } as const;

    it.each([{ kind: 'connected', accounts: ['account-1', 'account-2'] } as never, failed])(
      'is recorded once, without any secret: %j',
      async (outcome) => {
        const { flows, flow, read } = await held();
        await flows.redeem(flow.id, 'held');

        expect(await flows.finish(flow.id, outcome)).toBe(true);
        expect(await flows.finish(flow.id, failed)).toBe(false);

        const after = await read();
        expect(after).toMatchObject({ status: (outcome as typeof failed).kind, outcome });
        for (const secret of ['sealedCode', 'sealedVerifier', 'stateDigest', 'browserDigest']) {
          expect(after).not.toHaveProperty(secret);
        }
      },
    );

    it('is not recorded for a flow that is not being redeemed', async () => {
      const { flows, flow } = await held();

      expect(await flows.finish(flow.id, failed)).toBe(false);
    });

    it('may be recorded before the callback or after expiry, and is final', async () => {
      const { clock, flows, flow, read } = await begun();
      clock.advance(600);
      const seen = await read();

      expect(await flows.fail(seen ?? flow, failed)).toBe(true);

      expect(await read()).toMatchObject({ status: 'failed', outcome: failed });
      expect(await read()).not.toHaveProperty('sealedVerifier');
      expect(await flows.begin(flow.id, browser, otherNonce)).toBe(false);
      expect(await flows.hold(flow.id, nonce, sealedCode, completion)).toBe(false);
    });

    it('does not overwrite a flow that advanced meanwhile', async () => {
      const { flows, flow, read } = await begun();
      const seen = await read();
      await flows.hold(flow.id, nonce, sealedCode, completion);

      expect(await flows.fail(seen ?? flow, failed)).toBe(false);
      expect((await read())?.status).toBe('held');
    });
  });
});
