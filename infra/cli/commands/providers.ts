/** `hawser provider …`: whether the stack works for a platform before anybody asks. */

import { textTable } from '../terminal/text-table.ts';
import type { Call, Command, Shown } from './command.ts';

export const providerCommands: readonly Command[] = [
  { usage: 'provider list', summary: 'Lists the providers, and which of them are paused.', act: list },
  {
    usage: 'provider pause PROVIDER',
    summary:
      'Lets the sweep pass a provider by, within a minute: nothing is renewed or revoked there before somebody asks.',
    act: (call) => pause(call, true),
  },
  {
    usage: 'provider resume PROVIDER',
    summary: 'Takes a paused provider up again; what has become due meanwhile is worked on.',
    act: (call) => pause(call, false),
  },
];

async function list({ operator }: Call): Promise<Shown> {
  const providers = await operator.listProviders();
  const rows = providers.map(({ id, name, auth, paused }) => [id, name, auth, paused ? 'paused' : 'active']);
  return { data: { providers }, text: textTable(['PROVIDER', 'NAME', 'AUTH', 'STATE'], rows) };
}

async function pause({ operator, arguments: [provider = ''] }: Call, paused: boolean): Promise<Shown> {
  await operator.pauseProvider(provider, paused);
  return {
    data: { provider, paused },
    text: `${provider} is ${paused ? 'paused' : 'active'}.\n`,
    ...(paused && {
      note: `Tokens that are asked for are still renewed. To go on: hawser provider resume ${provider}`,
    }),
  };
}
