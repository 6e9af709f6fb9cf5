/** `hawser users …`: what an operator does for one user of a tenant. */
import type { Call, Command, Shown } from './command.ts';
import { viewJob } from './jobs.ts';

export const userCommands: readonly Command[] = [
  {
    usage: 'users disconnect TENANT USER',
    summary: 'Ends all connections of a user, here and at the platforms, in a job.',
    act: disconnect,
  },
];

async function disconnect({ operator, arguments: [tenantId = '', userId = ''] }: Call): Promise<Shown> {
  const job = await operator.disconnectUserOf(tenantId, userId);
  return {
    data: viewJob(job),
    text: `${job.id}\n`,
    note: `This job ends the user's connections. See how it goes: hawser jobs show ${job.id}`,
  };
}
