/** `hawser destination …`: where a tenant hears of its events. A secret is shown once, when it is made. */

import type { DestinationInput } from '../../../lib/admin/destinations.ts';
import type { Destination } from '../../../lib/tenants/destination.ts';
import { textTable, timeText } from '../terminal/text-table.ts';
import { type Call, type Command, type Shown, UsageError } from './command.ts';

export const destinationCommands: readonly Command[] = [
  {
    usage: 'destination add TENANT [URL] [--bus NAME]',
    summary:
      "Sends a tenant's events to an https endpoint of its own, or to an EventBridge bus that the stack may use (context eventBusArns). Prints the secret that signs for an endpoint, this once.",
    act: add,
  },
  {
    usage: 'destination list TENANT',
    summary: "Lists a tenant's destinations and how they fare.",
    act: list,
  },
  {
    usage: 'destination rotate-secret TENANT DESTINATION',
    summary: 'Makes a new secret and prints it, this once. The one before signs as well for a day.',
    act: rotateSecret,
  },
  {
    usage: 'destination enable TENANT DESTINATION',
    summary:
      'Sends to a destination again that was disabled because it failed for days or was gone. What was on its way is among the failures.',
    act: enable,
  },
  {
    usage: 'destination remove TENANT DESTINATION',
    summary: 'Forgets a destination and its secrets; what is on its way is dropped.',
    act: remove,
  },
  {
    usage: 'destination test TENANT DESTINATION',
    summary: 'Sends an event of the type destination.test.',
    act: test,
  },
];

async function add(call: Call): Promise<Shown> {
  const [tenantId = ''] = call.arguments;
  const { destination, secret } = await call.operator.addDestination(tenantId, inputOf(call));
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

function inputOf({ arguments: [, url], given }: Call): DestinationInput {
  const { bus } = given;
  if (url !== undefined && bus === undefined) return { url };
  if (url === undefined && bus !== undefined) return { busName: bus };
  throw new UsageError('Give either a URL or --bus.');
}

async function list({ operator, arguments: [tenantId = ''] }: Call): Promise<Shown> {
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

async function rotateSecret({ operator, arguments: [tenantId = '', id = ''] }: Call): Promise<Shown> {
  const secret = (await operator.rotateDestinationSecret(tenantId, id)).reveal();
  return {
    data: { id, tenantId, secret },
    text: `${secret}\n`,
    note: 'Keep it now: it is not shown again. Both secrets sign for a day, then this one alone.',
  };
}

async function enable({ operator, arguments: [tenantId = '', id = ''] }: Call): Promise<Shown> {
  await operator.enableDestination(tenantId, id);
  return {
    data: { id, tenantId, status: 'active' },
    text: `Destination ${id} is active.\n`,
    note:
      'Events reach it within 60 seconds from now, and what still waits for it as its tries come up. ' +
      `What was filed meanwhile is sent by: hawser failures replay --tenant ${tenantId} --all`,
  };
}

async function remove({ operator, arguments: [tenantId = '', id = ''] }: Call): Promise<Shown> {
  await operator.removeDestination(tenantId, id);
  return { data: { id, tenantId, removed: true }, text: `Destination ${id} has been removed.\n` };
}

async function test({ operator, arguments: [tenantId = '', id = ''] }: Call): Promise<Shown> {
  const eventId = await operator.testDestination(tenantId, id);
  return {
    data: { id, tenantId, eventId },
    text: `Event ${eventId} is on its way.\n`,
    note: `When it fails, hawser destination list ${tenantId} says how.`,
  };
}

/** Without what is sealed. */
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
