/** `hawser provider …`: pauses and resumes the work that the stack does for a platform on its own. */
import { textTable } from '../terminal/text-table.ts';
import type { Act, Call, Group, Shown } from './call.ts';

export function addProviderCommands(providers: Group, act: Act): void {
  providers
    .command('list')
    .description('Lists the providers, and which of them are paused.')
    .action(act(list));
  providers
    .command('pause <PROVIDER>')
    .description(
      'Makes the sweep skip a provider, within a minute: it refreshes and revokes nothing there unless a user or tenant asks.',
    )
    .action(act((call, provider) => pause(call, provider, true)));
  providers
    .command('resume <PROVIDER>')
    .description(
      'Resumes a paused provider. The sweep then works on everything that became due in the meantime.',
    )
    .action(act((call, provider) => pause(call, provider, false)));
}

async function list({ operator }: Call): Promise<Shown> {
  const providers = await operator.listProviders();
  const rows = providers.map(({ id, name, auth, paused }) => [id, name, auth, paused ? 'paused' : 'active']);
  return { data: { providers }, text: textTable(['PROVIDER', 'NAME', 'AUTH', 'STATE'], rows) };
}

async function pause({ operator }: Call, provider: string, paused: boolean): Promise<Shown> {
  await operator.pauseProvider(provider, paused);
  return {
    data: { provider, paused },
    text: `${provider} is ${paused ? 'paused' : 'active'}.\n`,
    ...(paused && {
      note: `Tokens that a tenant asks for are still refreshed. To resume: hawser provider resume ${provider}`,
    }),
  };
}
