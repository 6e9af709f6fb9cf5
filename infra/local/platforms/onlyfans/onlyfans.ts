/**
 * The sandbox of OnlyFans: the one private call that tells whether a browser session lives, the log-in that begins
 * one, and a signer. A wrong User-Agent, browser token or signature ends the session, as clients report of the site.
 */
import { randomBytes } from 'node:crypto';
import type { Call, Dialect, JsonObject, Platform, Reply, Route } from '../../sandbox/dialect.ts';
import { html, json } from '../../sandbox/reply.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/sandbox.ts';
import type { Grant } from '../../sandbox/state-file.ts';
import { type Modes, modes } from './modes.ts';
import { pageRoutes } from './page.ts';
import { accounts, meOf, type OnlyFansAccount } from './people.ts';
import { browserTokenOf, cookiesOf, mintSess, secondFactorOf, userAgent } from './session.ts';
import { appToken, signatureOf, signerRoute } from './signing.ts';

/** Starts the sandbox: the site, its API and the signer (`/signer`) on one host. Developers log in at `/`. */
export function startOnlyFans(options: SandboxOptions): Promise<Sandbox> {
  return startSandbox(onlyfans, options);
}

export const onlyfans: Dialect<Modes> = {
  title: 'OnlyFans',
  separateApiHost: false,
  accounts,
  // Nobody knows how long a session lasts; reports range from minutes to many months.
  lifetimes: { accessTokenSeconds: 7_776_000, refreshTokenSeconds: null, codeSeconds: 60 },
  modes,
  mint: {
    code: () => `s4ndb0x${randomBytes(18).toString('base64url')}`,
    access: () => mintSess(randomBytes(32)),
    refresh: () => '',
  },
  subjectOf: ({ key }) => accounts.find((account) => account.key === key)?.id ?? key,
  failure: (endpoint, status) =>
    endpoint === 'token' ? { error: 'The signer failed.' } : errorBody(status, 'Something failed.'),
  // There is no consent, and so no page that could ask for it.
  consent: () => ({
    paths: [],
    scopes: {},
    read: () => ({ kind: 'page', status: 404, message: 'OnlyFans has no consent.' }),
    approved: ({ redirectUri }) => redirectUri,
    denied: ({ redirectUri }) => redirectUri,
  }),
  routes: (platform): readonly Route[] => [
    {
      method: 'GET',
      host: 'web',
      path: '/api2/v2/users/me',
      endpoint: 'profile',
      handle: (call) => usersMe(call, platform),
    },
    signerRoute(platform),
    ...pageRoutes(platform),
  ],
};

function usersMe(call: Call, platform: Platform<Modes>): Reply {
  const { grants, modes } = platform;
  if (modes().edge === 'challenge') return challenge();
  if (call.headers['app-token'] !== appToken) return refuse('Application token is required.', platform);
  const cookies = cookiesOf(call);
  const grant = grants.ofAccessToken(cookies.get('sess') ?? '');
  const account = accounts.find(({ key }) => key === grant?.account);
  if (grant === undefined || account === undefined) return refuse(modes().endedSession, platform);
  if (cookies.get('auth_id') !== account.id || call.headers['user-id'] !== account.id) {
    return refuse('Wrong user.', platform);
  }
  if (call.headers['x-bc'] !== browserTokenOf(grant.id)) {
    return endSession(grant, 'Something went wrong. [2001]', platform);
  }
  if (call.headers['user-agent'] !== userAgent || !isSigned(call, account, modes())) {
    return endSession(grant, 'Please refresh the page', platform);
  }
  if (account.secondFactor && cookies.get(`auth_uid_${account.id}`) !== secondFactorOf(grant.id)) {
    return refuse('2FA verification is required.', platform);
  }
  return welcome(account, grant, platform);
}

function welcome(account: OnlyFansAccount, grant: Grant, platform: Platform<Modes>): Reply {
  const { profile, newSess } = platform.modes();
  if (profile === 'page') return html(200, '<!doctype html><title>OnlyFans</title><h1>OnlyFans</h1>');
  const issued = () =>
    platform.grants.issue(grant, mintSess(randomBytes(32)), platform.lifetimes().accessTokenSeconds);
  const headers = { 'cache-control': 'no-store', ...(newSess === 'offered' && sessCookie(issued())) };
  const body = meOf(account, platform);
  if (profile !== 'list' && typeof body['id'] !== 'string') return json(200, body, headers);
  // The id is a number, however large.
  const text = JSON.stringify(body).replace(/^\{"id":"(\d+)"/, '{"id":$1');
  const shown = profile === 'list' ? `[${text}]` : text;
  return { status: 200, headers, body: { kind: 'text', type: 'application/json', text: shown } };
}

/** Ends the browser's session, and gives the caller one that nobody is logged in with. */
function endSession(grant: Grant, message: string, platform: Platform<Modes>): Reply {
  platform.grants.endGrant(grant);
  const refusal = refuse(message, platform);
  return { ...refusal, headers: { ...refusal.headers, ...sessCookie(mintSess(randomBytes(32))) } };
}

function isSigned(call: Call, { id }: OnlyFansAccount, { signature, siteRules }: Modes): boolean {
  if (signature === 'ignored') return true;
  const { time, sign } = call.headers;
  if (typeof time !== 'string') return false;
  const path = call.url.pathname + call.url.search;
  return sign === signatureOf({ time, path, userId: id }, siteRules);
}

function refuse(message: string, { modes }: Platform<Modes>): Reply {
  const { refusalStatus, refusalCode } = modes();
  return json(refusalStatus, errorBody(refusalCode, message), { 'cache-control': 'no-store' });
}

function errorBody(code: number, message: string): JsonObject {
  return { error: { code, message } };
}

function challenge(): Reply {
  return html(403, '<!doctype html><title>Just a moment</title><h1>Are you human?</h1>', {
    'x-amzn-waf-action': 'captcha',
  });
}

function sessCookie(sess: string): Readonly<Record<string, string>> {
  return { 'set-cookie': `sess=${sess}; Path=/; HttpOnly; Secure; SameSite=None` };
}
