/** DynamoDB fails at every single call of the path, in every way in which it can, and no connection is lost or raced for. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../../infra/local/aws/front/front.ts';
import type { SealedConnection } from '../../../lib/connections/connection.ts';
import { IntegrationError } from '../../../lib/errors.ts';
import { disconnectIntegration } from '../../../lib/integrations/disconnect/disconnect-integration.ts';
import { getAccessToken } from '../../../lib/integrations/tokens/get-access-token.ts';
import type { Instance } from '../parts.ts';
import { askUntilServed, expectNoRace, expiredConnection, recordOf } from '../steps.ts';
import { tenantId } from '../tenant-at-platform.ts';
import { accountOf, openWorld, type World } from '../world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(() => world.reset());

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
    it('costs no connection when a token is asked for', { timeout: 90_000 }, async () => {
      const read = (instance: Instance, connection: SealedConnection) =>
        getAccessToken(instance.deps, accountOf(connection));

      const calls = await atEachCall(read, fault, strikes, async (connection) => {
        const token = await askUntilServed(world, connection);

        expect(await world.isGood(token.accessToken.reveal())).toBe(true);
        expect(await recordOf(world, connection)).toMatchObject({ status: 'active' });
        expect((await world.queues.events()).map(({ type }) => type)).not.toContain(
          'connection.reconnect_required',
        );
      });

      expect(calls).toBeGreaterThan(4);
    });

    it('costs no connection when the refresh worker renews it', { timeout: 90_000 }, async () => {
      const work = async (instance: Instance, { provider, accountId }: SealedConnection) => {
        await world.queues.send('refresh', JSON.stringify({ tenantId, provider, accountId }));
        await world.queues.work('refresh', instance);
      };

      const calls = await atEachCall(work, fault, strikes, async (connection) => {
        const token = await askUntilServed(world, connection);
        await world.queues.empty('refresh');

        expect(await world.isGood(token.accessToken.reveal())).toBe(true);
        expect(await recordOf(world, connection)).toMatchObject({ status: 'active' });
      });

      expect(calls).toBeGreaterThan(4);
    });

    it('leaves no disconnect half done', { timeout: 90_000 }, async () => {
      const disconnect = (instance: Instance, connection: SealedConnection) =>
        disconnectIntegration(instance.deps, accountOf(connection));

      const calls = await atEachCall(disconnect, fault, strikes, async (connection) => {
        const begun = (await recordOf(world, connection))?.status !== 'active';
        for (let minute = 0; minute < 4 && begun && (await recordOf(world, connection)); minute += 1) {
          const instance = world.newInstance();
          await world.queues.sweep(instance);
          await world.queues.work('refresh', instance);
          world.time.advance(60_000);
        }

        const left = world.platform.control({ command: 'kill_grants' });
        const record = await recordOf(world, connection);
        expect([begun, record === undefined, left]).toEqual(
          begun ? [true, true, { ok: true, affected: 0 }] : [false, false, { ok: true, affected: 1 }],
        );
        expect((await world.queues.events()).map(({ type }) => type)).toEqual(
          begun ? expect.arrayContaining(['connection.disconnected']) : expect.any(Array),
        );
      });

      expect(calls).toBeGreaterThan(8);
    });
  });
});

/** Does something once for each DynamoDB call that it makes, with that call struck, and looks at what is left of it. */
async function atEachCall(
  act: (instance: Instance, connection: SealedConnection) => Promise<unknown>,
  fault: Fault,
  strikes: (call: number, nth: number) => boolean,
  look: (connection: SealedConnection) => Promise<void>,
): Promise<number> {
  for (let nth = 1; ; nth += 1) {
    const connection = await expiredConnection(world, world.newInstance());
    let calls = 0;
    world.fault = ({ action }) => {
      if (!action.startsWith('dynamodb:')) return undefined;
      calls += 1;
      return strikes(calls, nth) ? fault : undefined;
    };

    await act(world.newInstance(), connection).catch((error: unknown) => {
      if (!(error instanceof IntegrationError)) throw error;
    });
    world.fault = undefined;

    if (calls < nth) return calls;
    await look(connection);
    expectNoRace(world);
  }
}
