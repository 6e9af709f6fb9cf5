/** The end of a tenant that has connections: shut out at once, revoked in a job, and only then nothing opens any more. */
import { describe, expect } from 'vitest';
import type { TenantId } from '../../../lib/ids.ts';
import { exists } from '../../../lib/table/condition.ts';
import { destinationsKey, jobKey, wrappedKeyKey } from '../../../lib/table/keys.ts';
import type { ConnectedCliFixture } from '../../support/cli/connected-cli.ts';
import { eventually } from '../../support/eventually.ts';
import type { ConnectedCliFixtures } from '../../support/fixtures/connected-cli.ts';
import { it } from '../../support/fixtures/connected-cli.ts';

interface Ended {
  readonly status: string;
  readonly job: { readonly id: string; readonly status: string };
  readonly appsLeft: number;
}

const end = async ({ cli, tenant }: ConnectedCliFixtures) =>
  (await cli.json(`tenant delete ${tenant.id} --yes`)) as Ended;
const keyRecord = ({ cli, tenant }: ConnectedCliFixtures) =>
  cli.table.get(wrappedKeyKey(tenant.id as TenantId, 'credentials', 1));
/** Flows that began before the deletion are over. */
const letTimePass = (cli: ConnectedCliFixture, job: string) =>
  cli.table.update(jobKey(job), { set: { createdAt: Date.now() - 12 * 60_000 } }, exists('pk'));

describe('hawser tenant delete', () => {
  it('locks the tenant out, revokes every connection and deletes the keys last', async ({ cli, tenant }) => {
    const ana = await cli.connectPerson(tenant, 'ana', 'mira');
    const ben = await cli.connectPerson(tenant, 'ben', 'jose');

    const { status, job } = await end({ cli, tenant });
    await eventually(async () => !(await cli.recordOf(ana)) && !(await cli.recordOf(ben)));

    expect({ status, job: job.status }).toEqual({ status: 'deleted', job: 'running' });
    expect(cli.killGrants()).toBe(0);
    expect(await keyRecord({ cli, tenant })).toHaveProperty('wrappedKey');
    await letTimePass(cli, job.id);
    await cli.workJob(job.id);
    await eventually(async () => (await cli.stack.operator.findJob(job.id)).status === 'done');
    expect(await keyRecord({ cli, tenant })).not.toHaveProperty('wrappedKey');
    expect(await cli.json(`tenant delete ${tenant.id} --yes`)).toMatchObject({ job: { status: 'done' } });
  });

  it('keeps the keys while an earlier flow can still complete', async ({ cli, tenant }) => {
    await cli.connectPerson(tenant, 'ana', 'mira');
    const { job } = await end({ cli, tenant });
    await eventually(async () => (await cli.stack.operator.listConnections(tenant.id)).length === 0);

    await cli.workJob(job.id);
    await eventually(async () => (await cli.stack.operator.findJob(job.id)).left === 0);

    expect(await cli.stack.operator.findJob(job.id)).toMatchObject({ status: 'running' });
    expect(await keyRecord({ cli, tenant })).toHaveProperty('wrappedKey');
  });

  it('deletes the destinations, with their addresses and secrets, after the last event', async ({
    cli,
    tenant,
  }) => {
    await cli.connectPerson(tenant, 'ana', 'mira');
    await cli.hawser(`destination add ${tenant.id} https://hooks.${tenant.id}.example/`);
    const record = () => cli.table.get(destinationsKey(tenant.id as TenantId));

    const { job } = await end({ cli, tenant });
    await eventually(async () => (await cli.stack.operator.listConnections(tenant.id)).length === 0);
    expect(await record()).toBeDefined();
    await letTimePass(cli, job.id);
    await cli.workJob(job.id);
    await eventually(async () => (await cli.stack.operator.findJob(job.id)).status === 'done');

    expect(await record()).toBeUndefined();
  });

  it('resumes the existing job when it is repeated', async ({ cli, tenant }) => {
    await cli.connectPerson(tenant, 'ana', 'mira');
    const first = await end({ cli, tenant });

    const second = await end({ cli, tenant });

    expect(second.job.id).toBe(first.job.id);
    expect(await cli.stack.operator.listJobs(tenant.id)).toHaveLength(1);
  });

  it("keeps the tenant's own app until no connection needs it, then deletes it with its secret", async ({
    cli,
    tenant,
  }) => {
    const own = { clientId: 'own-client', clientSecret: 's4ndb0x-own-client-secret' };
    const { appId } = await cli.stack.operator.setApp({
      provider: 'tiktok',
      tenantId: tenant.id,
      settings: {},
      ...own,
    });
    cli.sandbox.addClient({
      ...own,
      redirectUris: [`${cli.stack.apiUrl}/integrations/callback/${appId}`],
    });
    const connection = await cli.connectPerson(tenant, 'ana', 'mira');

    const first = await end({ cli, tenant });
    await eventually(async () => (await cli.recordOf(connection)) === undefined);
    const second = await end({ cli, tenant });

    expect(first.appsLeft).toBe(1);
    expect(cli.killGrants()).toBe(0);
    expect(second.appsLeft).toBe(0);
    await expect(cli.secretOf(appId)).rejects.toThrow();
  });
});
