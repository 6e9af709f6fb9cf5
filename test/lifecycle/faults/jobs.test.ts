import { describe, expect } from 'vitest';
import type { SealedConnection } from '../../../lib/connections/connection.ts';
import type { UserId } from '../../../lib/ids.ts';
import { disconnectUser } from '../../../lib/integrations/disconnect/disconnect-user.ts';
import { runJob } from '../../../lib/integrations/disconnect/run-job.ts';
import { it } from '../../support/fixtures/lifecycle.ts';
import type { Instance } from '../../support/lifecycle/function-instance.ts';
import type { LifecycleFixture } from '../../support/lifecycle/lifecycle-fixture.ts';
import { runUntil } from '../../support/lifecycle/process.ts';
import { recordOf } from '../../support/lifecycle/steps.ts';
import { tenantId, user } from '../../support/lifecycle/tenant-at-platform.ts';

const bo = 'bo' as UserId;

describe.each([
  ['a user', user, 1],
  ['a tenant', undefined, 0],
] as const)('the job that ends every connection of %s', (_, userId, left) => {
  it('revokes and deletes those connections and no others', async ({ lifecycle }) => {
    const connections = await connectAll(lifecycle);
    const { jobId } = await begin(lifecycle.newInstance(), userId);

    await minutesPass(lifecycle, 4);

    const records = await Promise.all(connections.map((connection) => recordOf(lifecycle, connection)));
    expect(records.filter((record) => record !== undefined)).toHaveLength(left);
    expect(lifecycle.platform.control({ command: 'kill_grants' })).toEqual({ ok: true, affected: left });
    expect(await lifecycle.newInstance().jobs.get(jobId)).toMatchObject({ status: 'done' });
    expect(
      (await lifecycle.queues.events()).filter(({ type }) => type === 'connection.disconnected'),
    ).toHaveLength(3 - left);
  });

  it('resumes after a crash at any step of its worker', async ({ lifecycle }) => {
    for (let steps = 0; ; steps += 3) {
      const connections = await connectAll(lifecycle);
      const instance = lifecycle.newInstance();
      const { jobId } = await begin(instance, userId);
      await lifecycle.queues.empty('jobs');

      const { result } = await runUntil(steps, () => runJob(workOf(instance), jobId));
      for (let minute = 0; minute < 5; minute += 1) {
        if ((await instance.jobs.get(jobId))?.status === 'done') break;
        await minutesPass(lifecycle, 1);
      }

      const records = await Promise.all(connections.map((connection) => recordOf(lifecycle, connection)));
      expect(records.filter((record) => record !== undefined)).toHaveLength(left);
      expect(await lifecycle.newInstance().jobs.get(jobId)).toMatchObject({ status: 'done' });
      if (result !== 'died') return;
      await lifecycle.reset();
    }
  });
});

it('the sweep resumes a job whose message was never sent', async ({ lifecycle }) => {
  const connection = await lifecycle.connect(lifecycle.newInstance());
  lifecycle.fault = ({ action }) =>
    action === 'sqs:SendMessage' ? { error: 'ServiceUnavailable', status: 503 } : undefined;
  await begin(lifecycle.newInstance(), user).catch(() => undefined);
  lifecycle.fault = undefined;

  await minutesPass(lifecycle, 4);

  expect(await recordOf(lifecycle, connection)).toBeUndefined();
});

it('a job waits for a platform that is down and is done after the last revocation', async ({ lifecycle }) => {
  const connection = await lifecycle.connect(lifecycle.newInstance());
  lifecycle.inject({ kind: 'status', status: 500, body: 'json' }, { endpoint: 'revoke', calls: 2 });
  const { jobId } = await begin(lifecycle.newInstance(), user);

  await minutesPass(lifecycle, 1);
  const early = await lifecycle.newInstance().jobs.get(jobId);
  await minutesPass(lifecycle, 8);

  expect(early).toMatchObject({ status: 'running' });
  expect(await lifecycle.newInstance().jobs.get(jobId)).toMatchObject({ status: 'done' });
  expect(await recordOf(lifecycle, connection)).toBeUndefined();
  expect(lifecycle.platform.control({ command: 'kill_grants' })).toEqual({ ok: true, affected: 0 });
});

async function connectAll(lifecycle: LifecycleFixture): Promise<readonly SealedConnection[]> {
  const instance = lifecycle.newInstance();
  const connections = [
    await lifecycle.connect(instance, 'mira', user),
    await lifecycle.connect(instance, 'jose', user),
    await lifecycle.connect(instance, 'sora', bo),
  ];
  await lifecycle.queues.empty('events');
  return connections;
}

function begin({ jobs, queues }: Instance, userId: UserId | undefined) {
  return disconnectUser({ jobs, queue: queues.jobs }, tenantId, userId);
}

function workOf({ deps, jobs, queues, deleteDestinations, deleteKeys }: Instance) {
  const { connections, now } = deps;
  return { connections, jobs, refreshQueue: queues.refresh, deleteDestinations, deleteKeys, now };
}

async function minutesPass(lifecycle: LifecycleFixture, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    const instance = lifecycle.newInstance();
    await lifecycle.queues.sweep(instance);
    await lifecycle.queues.work('jobs', instance);
    await lifecycle.queues.work('refresh', instance);
    lifecycle.time.advance(60_000);
  }
}
