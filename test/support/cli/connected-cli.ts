/** A desk with people connected at TikTok, and what the tests of connections, jobs and keys look at. */
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { approve } from '../../../infra/local/sandbox/visitor/consent-visitor.ts';
import type { SealedConnection } from '../../../lib/connections/connection.ts';
import { createConnectionStore } from '../../../lib/connections/connection-store.ts';
import type { AccountId, ProviderId, TenantId } from '../../../lib/ids.ts';
import { type CliFixture, openCliFixture } from './cli-fixture.ts';

export type ConnectedCliFixture = Awaited<ReturnType<typeof openConnectedCliFixture>>;

const provider = 'tiktok' as ProviderId;
let tenants = 0;

export async function openConnectedCliFixture() {
  const cli: CliFixture = await openCliFixture();
  const store = createConnectionStore(cli.table);
  const made: string[] = [];
  const sandbox = cli.stack.platforms.sandboxes.tiktok;
  // The same few accounts are let go and connected again within one second, which is all that TikTok's webhooks tell.
  sandbox.control({ command: 'webhook', url: null });

  async function recordOf(connection: ConnectionIdentity): Promise<SealedConnection | undefined> {
    return store.get(connection.tenantId, connection.provider, connection.accountId);
  }

  return {
    ...cli,
    store,
    sandbox,
    recordOf,

    /** A tenant that nobody has met, with its API key. */
    async newTenant(): Promise<{ readonly id: string; readonly key: string }> {
      tenants += 1;
      const id = `shop-${tenants}`;
      made.push(id);
      await cli.hawser(`tenant create ${id}`);
      await cli.hawser(`return-url add ${id} https://${id}.example/connected`);
      return { id, key: (await cli.hawser(`key create ${id}`)).stdout.trim() };
    },

    /** Connects one person's account for a user. */
    async connectPerson(
      tenant: { readonly id: string; readonly key: string },
      userId: string,
      person: string,
    ): Promise<SealedConnection> {
      const before = await cli.stack.operator.listConnections(tenant.id);
      await cli.connect(tenant.key, provider, userId, (url) => approve(url, { account: person }, fetch));
      const after = await cli.stack.operator.listConnections(tenant.id);
      const fresh = after.find(({ id }) => before.every((known) => known.id !== id));
      const record = fresh && (await recordOf(fresh));
      if (!record) throw new Error('The connection was not stored.');
      return record;
    },

    /** How the API answers a read of the token. */
    async tokenStatus(key: string, { accountId, userId }: SealedConnection): Promise<number> {
      const answer = await fetch(
        `${cli.stack.apiUrl}/integrations/token/${provider}/${accountId}?userId=${userId}`,
        { headers: { authorization: `Bearer ${key}` }, signal: AbortSignal.timeout(120_000) },
      );
      await answer.body?.cancel();
      return answer.status;
    },

    /** Has a job worked on now, as the sweep does once a minute. */
    async workJob(jobId: string): Promise<void> {
      await cli.sqs.send(
        new SendMessageCommand({
          QueueUrl: cli.queueUrls.jobs.queue,
          MessageBody: JSON.stringify({ kind: 'run_job', jobId }),
        }),
      );
    },

    /** How many grants the platform still knew; it knows none afterwards. */
    killGrants(): number {
      const killed = sandbox.control({ command: 'kill_grants' });
      return killed.ok ? killed.affected : Number.NaN;
    },

    /** Takes away what a test has left, so that no grant is shared with the next one's. */
    async reset(): Promise<void> {
      for (const id of made) {
        for (const connection of await cli.stack.operator.listConnections(id)) {
          await store.remove(connection);
        }
      }
      for (const command of ['kill_grants', 'clear_faults', 'reset_calls'] as const) {
        sandbox.control({ command });
      }
    },
  };
}

interface ConnectionIdentity {
  readonly tenantId: TenantId;
  readonly provider: ProviderId;
  readonly accountId: AccountId;
}
