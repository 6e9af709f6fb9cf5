/** Flows of a tenant's own app at a server that the test controls: started in a browser, with a callback that the test builds. */
import type { Success } from '../support/stack/api-client.ts';
import type { Browser } from '../support/stack/browser.ts';
import { begin, completionOf, openLink, type Returned, readReturn } from '../support/stack/flow-steps.ts';
import type { TestStack, TestTenant, User } from '../support/stack/test-stack.ts';
import { type Asked, type OwnedServer, readAsked, redirectBack } from './owned-server.ts';

export interface OwnFlow {
  readonly browser: Browser;
  readonly user: User;
  readonly flowId: string;
  readonly asked: Asked;
}

/** Registers the tenant's own OpenID Connect app at a server. Returns its app id. */
export async function registerAt(stack: TestStack, tenant: TestTenant, server: OwnedServer): Promise<string> {
  const app = await stack.local.operator.setApp({
    provider: 'openid',
    tenantId: tenant.id,
    clientId: `client-of-${tenant.id}`,
    clientSecret: 's4ndb0x-owned-client-secret',
    settings: {},
    issuer: server.origin,
  });
  return app.appId;
}

export async function startOwn(
  stack: TestStack,
  user: User,
  body: Readonly<Record<string, unknown>> = {},
): Promise<OwnFlow> {
  const browser = stack.newBrowser();
  const { flowId, authUrl } = await begin({ user, provider: 'openid', body });
  return { browser, user, flowId, asked: readAsked(await openLink(browser, authUrl)) };
}

/** The honest server's redirect to the callback, with a code for this flow unless another one is given. */
export async function returnOwn(
  { browser, asked }: OwnFlow,
  server: OwnedServer,
  code = server.issueCode(asked),
): Promise<Returned> {
  return readReturn(await browser.visit(redirectBack(server, asked, code)));
}

/** Runs the flow from start to callback. */
export async function connectOwn(
  stack: TestStack,
  user: User,
  server: OwnedServer,
): Promise<Success<'complete'>> {
  const returned = await returnOwn(await startOwn(stack, user), server);
  return user.client.ok('complete', { body: completionOf(user, returned) });
}
