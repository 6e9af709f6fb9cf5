/** The end of all connections of a user or a tenant: a job that goes on after whatever interrupts it, until none is left. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SealedConnection } from '../../../lib/connections/connection.ts';
import type { UserId } from '../../../lib/ids.ts';
import { disconnectUser } from '../../../lib/integrations/disconnect/disconnect-user.ts';
import { runJob } from '../../../lib/integrations/disconnect/run-job.ts';
import type { Instance } from '../parts.ts';
import { runUntil } from '../process.ts';
import { recordOf } from '../steps.ts';
import { tenantId, user } from '../tenant-at-platform.ts';
import { openWorld, type World } from '../world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(() => world.reset());

const bo = 'bo' as UserId;

describe.each([
  ['a user', user, 1],
  ['a tenant', undefined, 0],
] as const)('the end of %s', (_, userId, left) => {
  it('revokes and deletes every connection, and leaves the others alone', async () => {
    const connections = await connectAll();
    const { jobId } = await begin(world.newInstance(), userId);

    await minutesPass(4);

    const records = await Promise.all(connections.map((connection) => recordOf(world, connection)));
    expect(records.filter((record) => record !== undefined)).toHaveLength(left);
    expect(world.platform.control({ command: 'kill_grants' })).toEqual({ ok: true, affected: left });
    expect(await world.newInstance().jobs.get(jobId)).toMatchObject({ status: 'done' });
    expect(
      (await world.queues.events()).filter(({ type }) => type === 'connection.disconnected'),
    ).toHaveLength(3 - left);
  });

  it('goes on after a crash at any step of its worker', { timeout: 90_000 }, async () => {
    for (let steps = 0; ; steps += 3) {
      const connections = await connectAll();
      const instance = world.newInstance();
      const { jobId } = await begin(instance, userId);
      await world.queues.empty('jobs');

      const { result } = await runUntil(steps, () => runJob(workOf(instance), jobId));
      for (let minute = 0; minute < 5; minute += 1) {
        if ((await instance.jobs.get(jobId))?.status === 'done') break;
        await minutesPass(1);
      }

      const records = await Promise.all(connections.map((connection) => recordOf(world, connection)));
      expect(records.filter((record) => record !== undefined)).toHaveLength(left);
      expect(await world.newInstance().jobs.get(jobId)).toMatchObject({ status: 'done' });
      if (result !== 'died') return;
      await world.reset();
    }
  });
});

it('is found by the sweep when its message was never sent', async () => {
  const connection = await world.connect(world.newInstance());
  world.fault = ({ action }) =>
    action === 'sqs:SendMessage' ? { error: 'ServiceUnavailable', status: 503 } : undefined;
  await begin(world.newInstance(), user).catch(() => undefined);
  world.fault = undefined;

  await minutesPass(4);

  expect(await recordOf(world, connection)).toBeUndefined();
});

it('waits for a platform that is down, and is done when the last revocation is', async () => {
  const connection = await world.connect(world.newInstance());
  world.inject({ kind: 'status', status: 500, body: 'json' }, { endpoint: 'revoke', calls: 2 });
  const { jobId } = await begin(world.newInstance(), user);

  await minutesPass(1);
  const early = await world.newInstance().jobs.get(jobId);
  await minutesPass(8);

  expect(early).toMatchObject({ status: 'running' });
  expect(await world.newInstance().jobs.get(jobId)).toMatchObject({ status: 'done' });
  expect(await recordOf(world, connection)).toBeUndefined();
  expect(world.platform.control({ command: 'kill_grants' })).toEqual({ ok: true, affected: 0 });
});

async function connectAll(): Promise<readonly SealedConnection[]> {
  const instance = world.newInstance();
  const connections = [
    await world.connect(instance, 'mira', user),
    await world.connect(instance, 'jose', user),
    await world.connect(instance, 'sora', bo),
  ];
  await world.queues.empty('events');
  return connections;
}

function begin({ jobs, queues }: Instance, userId: UserId | undefined) {
  return disconnectUser({ jobs, queue: queues.jobs }, tenantId, userId);
}

function workOf({ deps, jobs, queues, deleteDestinations, deleteKeys }: Instance) {
  const { connections, now } = deps;
  return { connections, jobs, refreshQueue: queues.refresh, deleteDestinations, deleteKeys, now };
}

async function minutesPass(minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    const instance = world.newInstance();
    await world.queues.sweep(instance);
    await world.queues.work('jobs', instance);
    await world.queues.work('refresh', instance);
    world.time.advance(60_000);
  }
}
