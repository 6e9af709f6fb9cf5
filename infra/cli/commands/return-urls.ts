/** `hawser return-url …`: the exact pages to which a browser may be sent after consent. */
import type { Call, Command, Shown } from './command.ts';

export const returnUrlCommands: readonly Command[] = [
  {
    usage: 'return-url add TENANT URL',
    summary: 'Allows a page of the application: https, exact, without query or fragment.',
    act: add,
  },
  { usage: 'return-url list TENANT', summary: "Lists a tenant's return URLs.", act: list },
  { usage: 'return-url remove TENANT URL', summary: 'Takes one back; flows under way keep it.', act: remove },
];

async function add({ operator, arguments: [tenantId = '', url = ''] }: Call): Promise<Shown> {
  return show(tenantId, await operator.addReturnUrl(tenantId, url));
}

async function list({ operator, arguments: [tenantId = ''] }: Call): Promise<Shown> {
  return show(tenantId, (await operator.requireTenant(tenantId)).returnUrls);
}

async function remove({ operator, arguments: [tenantId = '', url = ''] }: Call): Promise<Shown> {
  return show(tenantId, await operator.removeReturnUrl(tenantId, url));
}

function show(tenantId: string, returnUrls: readonly string[]): Shown {
  return {
    data: { tenantId, returnUrls },
    text: returnUrls.map((url) => `${url}\n`).join(''),
    ...(returnUrls.length === 0 && { note: `Tenant ${tenantId} has no return URLs.` }),
  };
}
