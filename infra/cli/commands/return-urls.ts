/** `hawser return-url …`: the exact pages to which a browser may be sent after consent. */
import type { Act, Call, Group, Shown } from './call.ts';

export function addReturnUrlCommands(returnUrls: Group, act: Act): void {
  returnUrls
    .command('add <TENANT> <URL>')
    .description('Allows a page of the application: https, exact, without query or fragment.')
    .action(act(add));
  returnUrls.command('list <TENANT>').description("Lists a tenant's return URLs.").action(act(list));
  returnUrls
    .command('remove <TENANT> <URL>')
    .description('Removes a return URL. Flows that have started still return there.')
    .action(act(remove));
}

async function add({ operator }: Call, tenantId: string, url: string): Promise<Shown> {
  return show(tenantId, await operator.addReturnUrl(tenantId, url));
}

async function list({ operator }: Call, tenantId: string): Promise<Shown> {
  return show(tenantId, (await operator.requireTenant(tenantId)).returnUrls);
}

async function remove({ operator }: Call, tenantId: string, url: string): Promise<Shown> {
  return show(tenantId, await operator.removeReturnUrl(tenantId, url));
}

function show(tenantId: string, returnUrls: readonly string[]): Shown {
  return {
    data: { tenantId, returnUrls },
    text: returnUrls.map((url) => `${url}\n`).join(''),
    ...(returnUrls.length === 0 && { note: `Tenant ${tenantId} has no return URLs.` }),
  };
}
