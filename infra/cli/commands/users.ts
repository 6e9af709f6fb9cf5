/** `hawser users …`: what an operator does for one user of a tenant. */
import type { Act, Call, Group, Shown } from './call.ts';
import { viewJob } from './jobs.ts';

export function addUserCommands(users: Group, act: Act): void {
  users
    .command('disconnect <TENANT> <USER>')
    .description('Starts a job that ends all connections of a user, here and at the platforms.')
    .action(act(disconnect));
}

async function disconnect({ operator }: Call, tenantId: string, userId: string): Promise<Shown> {
  const job = await operator.disconnectUserOf(tenantId, userId);
  return {
    data: viewJob(job),
    text: `${job.id}\n`,
    note: `This job ends the user's connections. Follow it with: hawser jobs show ${job.id}`,
  };
}
