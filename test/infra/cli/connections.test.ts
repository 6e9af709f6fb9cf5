/** The operator's view of connections, and the work that the operator has the stack do for them. */
import { describe, expect } from 'vitest';
import type { SealedConnection } from '../../../lib/connections/connection.ts';
import type { ConnectedCliFixture } from '../../support/cli/connected-cli.ts';
import { eventually } from '../../support/eventually.ts';
import { it } from '../../support/fixtures/connected-cli.ts';

/** The words that name a connection. The ids of TikTok's accounts may begin with a dash. */
const named = ({ tenantId, provider, accountId }: SealedConnection) => `${tenantId} ${provider} ${accountId}`;
const refuseRevocation = (cli: ConnectedCliFixture) =>
  cli.sandbox.control({
    command: 'inject',
    endpoint: 'revoke',
    calls: 1,
    fault: { kind: 'status', status: 503, body: 'json' },
  });

describe('hawser connections show', () => {
  it('shows every field of a connection except the sealed ones', async ({ cli, tenant }) => {
    const connection = await cli.connectPerson(tenant, 'ana', 'mira');

    const people = await cli.hawser(`connections show ${named(connection)}`);
    const programs = await cli.json(`connections show ${named(connection)}`);

    expect(people.stdout).toMatch(/^Status +active$/m);
    expect(people.stdout).toMatch(/^Token expires +\d{4}-/m);
    expect(people.stdout).toMatch(/^Sealed under +key version 1$/m);
    expect(programs).toMatchObject({
      id: connection.id,
      tenantId: tenant.id,
      userId: 'ana',
      status: 'active',
      generation: 1,
      failures: 0,
      dueAt: expect.stringMatching(/^\d{4}-/),
      keyVersions: [1],
      lease: { kind: 'held', until: expect.stringMatching(/^\d{4}-/) },
    });
    expect(people.stdout + JSON.stringify(programs)).not.toMatch(/s4ndb0x|accessToken/);
  });

  it('shows why and when a connection ended', async ({ cli, tenant }) => {
    const connection = await cli.connectPerson(tenant, 'ana', 'mira');
    const since = Date.now() - 86_400_000;
    const change = { status: 'reconnect_required', statusReason: 'revoked', statusSince: since } as const;
    await cli.store.change(connection, { ...change, dueAt: undefined });

    const shown = await cli.json(`connections show ${named(connection)}`);

    expect(shown).toMatchObject({
      status: 'reconnect_required',
      statusReason: 'revoked',
      statusSince: new Date(since).toISOString(),
      dueAt: null,
    });
  });

  it('does not find a connection of another tenant, or an unknown one', async ({ cli, tenant }) => {
    const connection = await cli.connectPerson(tenant, 'ana', 'mira');
    const other = await cli.newTenant();

    const foreign = await cli.hawser(`connections show ${other.id} tiktok ${connection.accountId}`);
    const none = await cli.hawser(`connections show ${tenant.id} tiktok nobody`);

    for (const { code, stdout, stderr } of [foreign, none]) {
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain('has no such connection');
    }
  });
});

describe('hawser connections refresh', () => {
  it('has the worker refresh a connection that was unused for weeks, and waits for the result', async ({
    cli,
    tenant,
  }) => {
    const connection = await cli.connectPerson(tenant, 'ana', 'mira');
    await cli.store.change(connection, { lastUsedAt: Date.now() - 30 * 86_400_000 });

    const waited = await cli.json(`connections refresh --wait ${named(connection)}`);

    expect(waited).toMatchObject({
      id: connection.id,
      outcome: 'refreshed',
      connection: { status: 'active' },
    });
    expect(await cli.recordOf(connection)).toMatchObject({ generation: 2 });
    expect(JSON.stringify(waited)).not.toContain('s4ndb0x');
  });

  it('returns at once without --wait, and the refresh follows', async ({ cli, tenant }) => {
    const connection = await cli.connectPerson(tenant, 'ana', 'mira');

    const asked = await cli.json(`connections refresh ${named(connection)}`);

    expect(asked).toEqual({ id: connection.id, outcome: 'due', generation: 1 });
    await eventually(async () => (await cli.recordOf(connection))?.generation === 2);
  });

  it('shows the time of the next attempt while the platform is down', async ({ cli, tenant }) => {
    const connection = await cli.connectPerson(tenant, 'ana', 'mira');
    cli.sandbox.control({
      command: 'inject',
      endpoint: 'token',
      calls: 1,
      fault: { kind: 'status', status: 503, body: 'json' },
    });

    const { code, stdout } = await cli.hawser(`connections refresh --wait ${named(connection)}`);

    expect(code).toBe(0);
    expect(stdout).toMatch(/^It is active, after 1 failures in a row; next attempt: \d{4}-/);
  });

  it('refuses a connection that only the user can restore, and one that is disconnecting', async ({
    cli,
    tenant,
  }) => {
    const lost = await cli.connectPerson(tenant, 'ana', 'mira');
    const ending = await cli.connectPerson(tenant, 'ben', 'jose');
    await cli.store.change(lost, { status: 'reconnect_required', statusReason: 'revoked' });
    await cli.store.change(ending, { status: 'disconnecting' });

    const first = await cli.hawser(`connections refresh ${named(lost)}`);
    const second = await cli.hawser(`connections refresh ${named(ending)}`);

    expect(first.stderr).toContain('Only the user can bring this connection back (revoked).');
    expect(second.stderr).toContain('This connection is being disconnected.');
    expect([first.code, second.code]).toEqual([1, 1]);
  });
});

describe('hawser connections disconnect', () => {
  it('has the worker revoke and delete a connection, and waits for the result', async ({ cli, tenant }) => {
    const connection = await cli.connectPerson(tenant, 'ana', 'mira');

    const { stdout } = await cli.hawser(`connections disconnect --wait ${named(connection)}`);

    expect(stdout).toBe('The connection has ended.\n');
    expect(await cli.recordOf(connection)).toBeUndefined();
    expect(cli.killGrants()).toBe(0);
  });

  it('stops handing out access tokens while the platform is down, and revokes when it is repeated', async ({
    cli,
    tenant,
  }) => {
    const connection = await cli.connectPerson(tenant, 'ana', 'mira');
    refuseRevocation(cli);

    const first = await cli.json(`connections disconnect --wait ${named(connection)}`);
    const token = await cli.tokenStatus(tenant.key, connection);
    const second = await cli.json(`connections disconnect --wait ${named(connection)}`);

    expect(first).toMatchObject({ outcome: 'postponed', connection: { status: 'disconnecting' } });
    expect(token).toBe(404);
    expect(second).toEqual({ id: connection.id, outcome: 'gone' });
    expect(cli.killGrants()).toBe(0);
  });
});

describe('hawser users disconnect', () => {
  it('disconnects all connections of one user, and no other, in a job that the operator can follow', async ({
    cli,
    tenant,
  }) => {
    const mine = await cli.connectPerson(tenant, 'ana', 'mira');
    const theirs = await cli.connectPerson(tenant, 'ben', 'jose');

    const { stdout } = await cli.hawser(`users disconnect ${tenant.id} ana`);
    const job = stdout.trim();
    await eventually(async () => (await cli.recordOf(mine)) === undefined);

    expect(await cli.json(`jobs show ${job}`)).toMatchObject({ kind: 'disconnect', userId: 'ana' });
    expect(await cli.recordOf(theirs)).toMatchObject({ status: 'active' });
    expect(cli.killGrants()).toBe(1);
    await cli.workJob(job);
    await eventually(async () => /^Status +done$/m.test((await cli.hawser(`jobs show ${job}`)).stdout));
  });

  it('is listed as a job while it runs, and under its tenant afterwards', async ({ cli, tenant }) => {
    await cli.connectPerson(tenant, 'ana', 'mira');
    refuseRevocation(cli);

    const job = (await cli.hawser(`users disconnect ${tenant.id} ana`)).stdout.trim();
    await eventually(async () => (await cli.stack.operator.findJob(job)).left === 1);

    expect((await cli.hawser('jobs list')).stdout).toMatch(
      new RegExp(`^${job} +ends connections +${tenant.id} +ana +running +1 +\\d{4}-`, 'm'),
    );
    expect(await cli.json(`jobs list --tenant ${tenant.id}`)).toMatchObject({ jobs: [{ id: job }] });
    expect((await cli.hawser('jobs show job_none')).stderr).toContain('There is no such job.');
  });
});

describe('hawser provider', () => {
  it('makes the sweep skip a paused provider until it is resumed', async ({ cli, tenant }) => {
    const connection = await cli.connectPerson(tenant, 'ana', 'mira');
    await cli.store.change(connection, { lastUsedAt: Date.now(), dueAt: Date.now() - 1 });

    await cli.hawser('provider pause tiktok');
    await cli.stack.runSchedule('refresh-due');
    const listed = await cli.json('provider list');
    const passedBy = await cli.recordOf(connection);
    await cli.hawser('provider resume tiktok');
    await cli.stack.runSchedule('refresh-due');
    await eventually(async () => (await cli.recordOf(connection))?.generation === 2);

    expect(listed).toMatchObject({
      providers: expect.arrayContaining([
        expect.objectContaining({ id: 'tiktok', paused: true }),
        expect.objectContaining({ id: 'reddit', paused: false }),
      ]),
    });
    expect(passedBy?.generation).toBe(1);
    expect((await cli.hawser('provider list')).stdout).not.toContain('paused');
  });

  it('refuses an unknown provider', async ({ cli }) => {
    const { code, stderr } = await cli.hawser('provider pause myspace');

    expect(code).toBe(1);
    expect(stderr).toContain('There is no provider "myspace". There are: ');
  });
});
