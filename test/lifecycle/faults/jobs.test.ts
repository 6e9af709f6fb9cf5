/** The job that ends all connections of a user or a tenant: it resumes after every interruption until none is left. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SealedConnection } from '../../../lib/connections/connection.ts';
import type { UserId } from '../../../lib/ids.ts';
import { disconnectUser } from '../../../lib/integrations/disconnect/disconnect-user.ts';
import { runJob } from '../../../lib/integrations/disconnect/run-job.ts';
import type { Instance } from '../../support/lifecycle/function-instance.ts';
import { type LifecycleFixture, openLifecycleFixture } from '../../support/lifecycle/lifecycle-fixture.ts';
import { runUntil } from '../../support/lifecycle/process.ts';
import { recordOf } from '../../support/lifecycle/steps.ts';
import { tenantId, user } from '../../support/lifecycle/tenant-at-platform.ts';

let fixture: LifecycleFixture;

beforeAll(async () => {
  fixture = await openLifecycleFixture();
});
afterAll(() => fixture.close());
beforeEach(() => fixture.reset());

const bo = 'bo' as UserId;

describe.each([
  ['a user', user, 1],
  ['a tenant', undefined, 0],
] as const)('the job that ends every connection of %s', (_, userId, left) => {
  it('revokes and deletes those connections and no others', async () => {
    const connections = await connectAll();
    const { jobId } = await begin(fixture.newInstance(), userId);

    await minutesPass(4);

    const records = await Promise.all(connections.map((connection) => recordOf(fixture, connection)));
    expect(records.filter((record) => record !== undefined)).toHaveLength(left);
    expect(fixture.platform.control({ command: 'kill_grants' })).toEqual({ ok: true, affected: left });
    expect(await fixture.newInstance().jobs.get(jobId)).toMatchObject({ status: 'done' });
    expect(
      (await fixture.queues.events()).filter(({ type }) => type === 'connection.disconnected'),
    ).toHaveLength(3 - left);
  });

  it('resumes after a crash at any step of its worker', { timeout: 90_000 }, async () => {
    for (let steps = 0; ; steps += 3) {
      const connections = await connectAll();
      const instance = fixture.newInstance();
      const { jobId } = await begin(instance, userId);
      await fixture.queues.empty('jobs');

      const { result } = await runUntil(steps, () => runJob(workOf(instance), jobId));
      for (let minute = 0; minute < 5; minute += 1) {
        if ((await instance.jobs.get(jobId))?.status === 'done') break;
        await minutesPass(1);
      }

      const records = await Promise.all(connections.map((connection) => recordOf(fixture, connection)));
      expect(records.filter((record) => record !== undefined)).toHaveLength(left);
      expect(await fixture.newInstance().jobs.get(jobId)).toMatchObject({ status: 'done' });
      if (result !== 'died') return;
      await fixture.reset();
    }
  });
});

it('the sweep resumes a job whose message was never sent', async () => {
  const connection = await fixture.connect(fixture.newInstance());
  fixture.fault = ({ action }) =>
    action === 'sqs:SendMessage' ? { error: 'ServiceUnavailable', status: 503 } : undefined;
  await begin(fixture.newInstance(), user).catch(() => undefined);
  fixture.fault = undefined;

  await minutesPass(4);

  expect(await recordOf(fixture, connection)).toBeUndefined();
});

it('a job waits for a platform that is down and is done after the last revocation', async () => {
  const connection = await fixture.connect(fixture.newInstance());
  fixture.inject({ kind: 'status', status: 500, body: 'json' }, { endpoint: 'revoke', calls: 2 });
  const { jobId } = await begin(fixture.newInstance(), user);

  await minutesPass(1);
  const early = await fixture.newInstance().jobs.get(jobId);
  await minutesPass(8);

  expect(early).toMatchObject({ status: 'running' });
  expect(await fixture.newInstance().jobs.get(jobId)).toMatchObject({ status: 'done' });
  expect(await recordOf(fixture, connection)).toBeUndefined();
  expect(fixture.platform.control({ command: 'kill_grants' })).toEqual({ ok: true, affected: 0 });
});

async function connectAll(): Promise<readonly SealedConnection[]> {
  const instance = fixture.newInstance();
  const connections = [
    await fixture.connect(instance, 'mira', user),
    await fixture.connect(instance, 'jose', user),
    await fixture.connect(instance, 'sora', bo),
  ];
  await fixture.queues.empty('events');
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
    const instance = fixture.newInstance();
    await fixture.queues.sweep(instance);
    await fixture.queues.work('jobs', instance);
    await fixture.queues.work('refresh', instance);
    fixture.time.advance(60_000);
  }
}
