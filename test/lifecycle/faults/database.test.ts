import { describe, expect } from 'vitest';
import type { Fault } from '../../../infra/local/aws/front/front.ts';
import type { SealedConnection } from '../../../lib/connections/connection.ts';
import { IntegrationError } from '../../../lib/errors.ts';
import { disconnectIntegration } from '../../../lib/integrations/disconnect/disconnect-integration.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import { refreshMessageFor } from '../../../lib/messages/refresh.ts';
import { it } from '../../support/fixtures/lifecycle.ts';
import type { Instance } from '../../support/lifecycle/function-instance.ts';
import { accountOf, type LifecycleFixture } from '../../support/lifecycle/lifecycle-fixture.ts';
import { askUntilServed, expectNoRace, expiredConnection, recordOf } from '../../support/lifecycle/steps.ts';

const faults: readonly (readonly [string, Fault])[] = [
  ['throttled', { error: 'ProvisionedThroughputExceededException', status: 400 }],
  ['unreachable', 'drop'],
  ['losing its answers', 'drop-after'],
];
const spans = [
  ['at one call', (call: number, nth: number) => call === nth],
  ['from one call on', (call: number, nth: number) => call >= nth],
] as const;

describe.each(faults)('DynamoDB %s', (_, fault) => {
  describe.each(spans)('%s', (_span, strikes) => {
    it('loses no connection while the token route works', async ({ lifecycle }) => {
      const read = (instance: Instance, connection: SealedConnection) =>
        getAccessToken(instance.deps, accountOf(connection));

      const calls = await atEachCall(lifecycle, read, fault, strikes, async (connection) => {
        const token = await askUntilServed(lifecycle, connection);

        expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
        expect(await recordOf(lifecycle, connection)).toMatchObject({ status: 'active' });
        expect((await lifecycle.queues.events()).map(({ type }) => type)).not.toContain(
          'connection.reconnect_required',
        );
      });

      expect(calls).toBeGreaterThan(4);
    });

    it('loses no connection while the refresh worker works', async ({ lifecycle }) => {
      const work = async (instance: Instance, connection: SealedConnection) => {
        await lifecycle.queues.send('refresh', JSON.stringify(refreshMessageFor(connection).body));
        await lifecycle.queues.work('refresh', instance);
      };

      const calls = await atEachCall(lifecycle, work, fault, strikes, async (connection) => {
        const token = await askUntilServed(lifecycle, connection);
        await lifecycle.queues.empty('refresh');

        expect(await lifecycle.isGood(token.accessToken.reveal())).toBe(true);
        expect(await recordOf(lifecycle, connection)).toMatchObject({ status: 'active' });
      });

      expect(calls).toBeGreaterThan(4);
    });

    it('leaves no disconnect unfinished', async ({ lifecycle }) => {
      const disconnect = (instance: Instance, connection: SealedConnection) =>
        disconnectIntegration(instance.deps, accountOf(connection));

      const calls = await atEachCall(lifecycle, disconnect, fault, strikes, async (connection) => {
        const begun = (await recordOf(lifecycle, connection))?.status !== 'active';
        for (let minute = 0; minute < 4 && begun && (await recordOf(lifecycle, connection)); minute += 1) {
          const instance = lifecycle.newInstance();
          await lifecycle.queues.sweep(instance);
          await lifecycle.queues.work('refresh', instance);
          lifecycle.time.advance(60_000);
        }

        const left = lifecycle.platform.control({ command: 'kill_grants' });
        const record = await recordOf(lifecycle, connection);
        expect([begun, record === undefined, left]).toEqual(
          begun ? [true, true, { ok: true, affected: 0 }] : [false, false, { ok: true, affected: 1 }],
        );
        expect((await lifecycle.queues.events()).map(({ type }) => type)).toEqual(
          begun ? expect.arrayContaining(['connection.disconnected']) : expect.any(Array),
        );
      });

      expect(calls).toBeGreaterThan(8);
    });
  });
});

/** Runs an operation once for each DynamoDB call it makes, with that call failing, and checks the result. */
async function atEachCall(
  lifecycle: LifecycleFixture,
  act: (instance: Instance, connection: SealedConnection) => Promise<unknown>,
  fault: Fault,
  strikes: (call: number, nth: number) => boolean,
  look: (connection: SealedConnection) => Promise<void>,
): Promise<number> {
  for (let nth = 1; ; nth += 1) {
    const connection = await expiredConnection(lifecycle, lifecycle.newInstance());
    let calls = 0;
    lifecycle.fault = ({ action }) => {
      if (!action.startsWith('dynamodb:')) return undefined;
      calls += 1;
      return strikes(calls, nth) ? fault : undefined;
    };

    await act(lifecycle.newInstance(), connection).catch((error: unknown) => {
      if (!(error instanceof IntegrationError)) throw error;
    });
    lifecycle.fault = undefined;

    if (calls < nth) return calls;
    await look(connection);
    expectNoRace(lifecycle);
  }
}
