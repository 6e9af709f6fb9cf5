/** `hawser destination …`: where a tenant's outbound events are sent. A secret is shown once, when it is created. */
import type { DestinationInput } from '../../../lib/admin/destinations.ts';
import type { Destination } from '../../../lib/tenants/destination.ts';
import { textTable, timeText } from '../terminal/text-table.ts';
import { UsageError } from '../terminal/usage-error.ts';
import type { Act, Call, Group, Shown } from './call.ts';

export function addDestinationCommands(destinations: Group, act: Act): void {
  destinations
    .command('add <TENANT> [URL]')
    .description(
      "Sends a tenant's events to its https endpoint, or to an EventBridge bus. Prints the secret that signs deliveries to an endpoint, once.",
    )
    .option('--bus <NAME>', 'a bus that the stack may use (deploy with -c eventBusArns=…)')
    .action(act(add));
  destinations
    .command('list <TENANT>')
    .description("Lists a tenant's destinations, and whether deliveries to them succeed.")
    .action(act(list));
  destinations
    .command('rotate-secret <TENANT> <DESTINATION>')
    .description('Creates a new secret and prints it, once. The previous one signs too for a day.')
    .action(act(rotateSecret));
  destinations
    .command('enable <TENANT> <DESTINATION>')
    .description(
      'Enables a destination that was disabled because deliveries failed for days or its address was gone. Deliveries that were pending then are among the failures.',
    )
    .action(act(enable));
  destinations
    .command('remove <TENANT> <DESTINATION>')
    .description('Removes a destination and its secrets. Pending deliveries to it are dropped.')
    .action(act(remove));
  destinations
    .command('test <TENANT> <DESTINATION>')
    .description('Sends an event of the type destination.test.')
    .action(act(test));
}

async function add(
  { operator }: Call,
  tenantId: string,
  url: string | undefined,
  { bus }: { readonly bus?: string | undefined },
): Promise<Shown> {
  const { destination, secret } = await operator.addDestination(tenantId, inputOf(url, bus));
  const { id } = destination;
  const within = 'Events reach it within 60 seconds from now.';
  if (!secret) {
    return { data: view(destination), text: `${id}\n`, note: `This is destination ${id}. ${within}` };
  }
  const text = secret.reveal();
  return {
    data: { ...view(destination), secret: text },
    text: `${text}\n`,
    note: `This is the secret of destination ${id}. Keep it now: it is not shown again. ${within}`,
  };
}

function inputOf(url: string | undefined, bus: string | undefined): DestinationInput {
  if (url !== undefined && bus === undefined) return { url };
  if (url === undefined && bus !== undefined) return { busName: bus };
  throw new UsageError('Give either a URL or --bus.');
}

async function list({ operator }: Call, tenantId: string): Promise<Shown> {
  const destinations = await operator.listDestinations(tenantId);
  const rows = destinations.map((one) => [
    one.id,
    one.kind === 'https' ? one.url : one.busName,
    one.status + (one.disabledReason === undefined ? '' : ` (${one.disabledReason})`),
    one.failingSince === undefined ? '-' : timeText(one.failingSince),
    one.lastError ?? '-',
  ]);
  return {
    data: { destinations: destinations.map(view) },
    text:
      rows.length === 0
        ? ''
        : textTable(['DESTINATION', 'ADDRESS', 'STATUS', 'FAILING SINCE', 'LAST ERROR'], rows),
    ...(rows.length === 0 && {
      note: `There are no destinations yet. Next: hawser destination add ${tenantId} URL`,
    }),
  };
}

async function rotateSecret({ operator }: Call, tenantId: string, id: string): Promise<Shown> {
  const secret = (await operator.rotateDestinationSecret(tenantId, id)).reveal();
  return {
    data: { id, tenantId, secret },
    text: `${secret}\n`,
    note: 'Keep it now: it is not shown again. Both secrets sign for a day, then this one alone.',
  };
}

async function enable({ operator }: Call, tenantId: string, id: string): Promise<Shown> {
  await operator.enableDestination(tenantId, id);
  return {
    data: { id, tenantId, status: 'active' },
    text: `Destination ${id} is active.\n`,
    note:
      'Events reach it within 60 seconds from now, and pending deliveries at their next retry. ' +
      `To send what was filed in the meantime: hawser failures replay --tenant ${tenantId} --all`,
  };
}

async function remove({ operator }: Call, tenantId: string, id: string): Promise<Shown> {
  await operator.removeDestination(tenantId, id);
  return { data: { id, tenantId, removed: true }, text: `Destination ${id} has been removed.\n` };
}

async function test({ operator }: Call, tenantId: string, id: string): Promise<Shown> {
  const eventId = await operator.testDestination(tenantId, id);
  return {
    data: { id, tenantId, eventId },
    text: `Event ${eventId} is on its way.\n`,
    note: `If it fails, hawser destination list ${tenantId} shows the error.`,
  };
}

/** Without the sealed secrets. */
function view(destination: Destination) {
  const { id, kind, status, disabledReason, disabledAt, failingSince, lastError, createdAt } = destination;
  return {
    id,
    kind,
    ...(destination.kind === 'https' ? { url: destination.url } : { busName: destination.busName }),
    ...(destination.kind === 'https' &&
      destination.previous && { previousSecretUntil: timeText(destination.previous.until) }),
    status,
    ...(disabledReason !== undefined && { disabledReason }),
    ...(disabledAt !== undefined && { disabledAt: timeText(disabledAt) }),
    ...(failingSince !== undefined && { failingSince: timeText(failingSince) }),
    ...(lastError !== undefined && { lastError }),
    createdAt: timeText(createdAt),
  };
}
