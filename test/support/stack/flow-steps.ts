/** The steps of a journey, each as one function, so that a test can stop, bend or repeat any of them. */
import { approve, type Visit } from '../../../infra/local/sandbox/visitor/consent-visitor.ts';
import type { Success } from './api-client.ts';
import type { Browser, Page } from './browser.ts';
import type { PlatformName, TestStack, User } from './test-stack.ts';

export interface Wish {
  readonly user: User;
  readonly provider: PlatformName;
  /** Added to the body of `connect`. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** What the person does on the consent page. */
  readonly visit?: Visit;
  readonly browser?: Browser;
}

/** What stands in the query of a return URL. */
export type Returned = Readonly<Record<string, string>>;

/** What `connect` answers where there is a consent to go to. */
export type StartedFlow = Extract<Success<'connect'>, { readonly flowId: string }>;

export async function begin({ user, provider, body }: Wish): Promise<StartedFlow> {
  const answer = await user.client.ok('connect', {
    params: { provider },
    body: { ...user.named, ...body },
  });
  if (!('flowId' in answer)) throw new Error('The account was connected without a consent.');
  return answer;
}

/** Opens the link of a flow, agrees where a direct flow asks, and answers where the platform's consent is. */
export async function openLink(browser: Browser, authUrl: string): Promise<string> {
  const opened = await browser.visit(authUrl);
  const link = /<a href="(\?agreed=yes)"/.exec(opened.text)?.[1];
  const page = link === undefined ? opened : await browser.visit(new URL(link, authUrl).href);
  if (page.status !== 303 || page.location === undefined) {
    throw new Error(`The link did not lead to the platform: ${page.status} ${page.text}`);
  }
  return page.location;
}

/** Takes the decision on the platform's pages and answers the callback URL that the platform sends the browser to. */
export async function decide(browser: Browser, platformUrl: string, visit: Visit = {}): Promise<string> {
  const { origin } = new URL(platformUrl);
  const isOnPlatform = (url: string) => new URL(url).origin === origin;
  let url = platformUrl;
  // Some platforms lead through addresses of their own before and after the form.
  for (let page = await browser.visit(url); page.location !== undefined; page = await browser.visit(url)) {
    url = page.location;
    if (!isOnPlatform(url)) return url;
  }
  url = await approve(url, visit, browser.fetch);
  while (isOnPlatform(url)) {
    const page = await browser.visit(url);
    if (page.location === undefined) throw new Error(`The platform kept the browser: ${page.status}`);
    url = page.location;
  }
  return url;
}

/** Follows the platform's redirect to the API and reads the return URL that the browser is sent on to. */
export async function comeBack(browser: Browser, callbackUrl: string): Promise<Returned> {
  return readReturn(await browser.visit(callbackUrl));
}

export function readReturn(page: Page): Returned {
  if (page.status !== 303 || page.location === undefined) {
    throw new Error(`The callback led nowhere: ${page.status} ${page.text}`);
  }
  return Object.fromEntries(new URL(page.location).searchParams);
}

/** From `connect` to the callback's address: everything but the callback itself. */
export async function reachCallback(
  stack: TestStack,
  wish: Wish,
): Promise<{ readonly browser: Browser; readonly flowId: string; readonly callbackUrl: string }> {
  const browser = wish.browser ?? stack.newBrowser();
  const { flowId, authUrl } = await begin(wish);
  return {
    browser,
    flowId,
    callbackUrl: await decide(browser, await openLink(browser, authUrl), wish.visit),
  };
}

/** From `connect` to the return URL. */
export async function reachReturn(
  stack: TestStack,
  wish: Wish,
): Promise<{ readonly browser: Browser; readonly flowId: string; readonly returned: Returned }> {
  const { browser, flowId, callbackUrl } = await reachCallback(stack, wish);
  return { browser, flowId, returned: await comeBack(browser, callbackUrl) };
}

/** The body of `complete` for what the return URL brought. */
export function completionOf(user: User, returned: Returned) {
  return { flow: returned['flow'], completion: returned['completion'], ...user.named };
}

/** The whole way, confirmed. */
export async function connectAccount(stack: TestStack, wish: Wish): Promise<Success<'complete'>> {
  const { returned } = await reachReturn(stack, wish);
  return wish.user.client.ok('complete', { body: completionOf(wish.user, returned) });
}

/** What names one account on the account routes. */
export function accountOf(
  user: User,
  { provider, accountId }: { readonly provider: string; readonly accountId: string },
) {
  return { params: { provider, accountId }, query: { ...user.named } };
}
