/** The whole command line: every noun with its commands. */

import { addAppCommands } from './apps.ts';
import { type Act, createRoot, type Root } from './call.ts';
import { addConnectionCommands } from './connections.ts';
import { addDeadLetterCommands } from './dead-letters.ts';
import { addDestinationCommands } from './destinations.ts';
import { addFailureCommands, addQueueCommands } from './failures.ts';
import { addJobCommands } from './jobs.ts';
import { addKeyCommands } from './keys.ts';
import { addProviderCommands } from './providers.ts';
import { addReturnUrlCommands } from './return-urls.ts';
import { addRotateCommands, defineSetup } from './secrets.ts';
import { addTenantCommands } from './tenants.ts';
import { addUserCommands } from './users.ts';

/** @param configure is applied before any command is added, because commands inherit the settings of the program. */
export function createProgram(act: Act, configure: (root: Root) => void): Root {
  const root = createRoot();
  configure(root);
  const noun = (name: string, description: string) =>
    root.command(name).description(description).helpCommand(false);
  defineSetup(root.command('setup'), act);
  addTenantCommands(noun('tenant', 'the applications that call the API'), act);
  addKeyCommands(noun('key', "the API keys with which a tenant's backend authenticates"), act);
  addReturnUrlCommands(noun('return-url', 'the exact pages to which browsers return after consent'), act);
  addAppCommands(
    noun('app', "the OAuth clients registered at platforms, shared by all tenants or a tenant's own"),
    act,
  );
  addConnectionCommands(noun('connections', "the accounts that a tenant's users have connected"), act);
  addUserCommands(noun('users', 'all connections of one user'), act);
  addJobCommands(noun('jobs', 'long work that the stack does in the background'), act);
  addProviderCommands(noun('provider', 'the platforms, and whether the sweep works for them'), act);
  addDestinationCommands(noun('destination', "where a tenant's events are sent"), act);
  addFailureCommands(noun('failures', 'events and deliveries that failed for good'), act);
  addDeadLetterCommands(noun('dlq', 'messages that SQS moved aside after their last attempt'), act);
  addQueueCommands(noun('queue', 'how full the queues are'), act);
  addRotateCommands(noun('rotate', 'the keys and secrets that Hawser generates itself'), act);
  return root;
}
