/**
 * The people of the Reddit sandbox and the identity endpoint of its API host.
 * https://www.reddit.com/dev/api/oauth (GET /api/v1/me)
 */
import { STATUS_CODES } from 'node:http';
import type { Call, JsonObject, Platform, Reply, SandboxAccount } from '../../sandbox/dialect.ts';
import type { RateBudget, Spent } from '../../sandbox/rate-budget.ts';
import { bearerOf, html, json } from '../../sandbox/reply.ts';
import type { Modes } from './modes.ts';

interface RedditAccount extends SandboxAccount {
  /** In base 36, without `t2_`. */
  readonly id: string;
  readonly karma: number;
  readonly suspended: boolean;
  /** Which of the two picture fields holds the avatar. */
  readonly picture: 'icon_img' | 'snoovatar_img';
}

/** Names on Reddit are ASCII; the profile's title, shown here as the name, is not. */
export const accounts: readonly RedditAccount[] = [
  {
    key: 'harbour',
    id: 'w4k2m1a',
    name: 'Harbour Pilot',
    handle: 'harbour_pilot',
    avatarColour: '#8a3b00',
    karma: 15_320,
    suspended: false,
    picture: 'icon_img',
  },
  {
    key: 'zoe',
    id: '9qz71xk',
    name: 'Zoë Ångström',
    handle: 'zoe_angstrom',
    avatarColour: '#5b3f8c',
    karma: 871,
    suspended: false,
    picture: 'snoovatar_img',
  },
  {
    key: 'lurker',
    id: '1c0ffee',
    name: 'A Quiet Lurker',
    handle: 'quiet-lurker-88',
    karma: 1,
    suspended: false,
    picture: 'icon_img',
  },
  {
    key: 'suspended',
    id: 'zzbann3',
    name: 'Gone Fishing',
    handle: 'gone_fishing',
    avatarColour: '#37474f',
    karma: -40,
    suspended: true,
    picture: 'icon_img',
  },
];

/** Answers `GET /api/v1/me`. Calls with a good token count against the client's budget. */
export function identity(call: Call, platform: Platform<Modes>, budget: RateBudget): Reply {
  const presented = bearerOf(call);
  if (presented === undefined) return json(403, httpError(403));
  const grant = platform.grants.ofAccessToken(presented);
  const account = accounts.find(({ key }) => key === grant?.account);
  if (grant === undefined || account === undefined) {
    const headers = { 'www-authenticate': 'Bearer realm="reddit", error="invalid_token"' };
    return platform.modes().unauthorizedBody === 'json'
      ? json(401, httpError(401), headers)
      : html(401, '<!doctype html><title>reddit.com: unauthorized</title><h1>unauthorized</h1>', headers);
  }
  const spent = budget.spend(grant.clientId);
  const rate = rateHeaders(spent);
  if (!spent.allowed) {
    const after = platform.modes().retryAfter ? { 'retry-after': String(spent.resetSeconds) } : {};
    return json(429, httpError(429), { ...rate, ...after });
  }
  if (!grant.scopes.includes('identity')) {
    const scope = { 'www-authenticate': 'Bearer realm="reddit", error="insufficient_scope"' };
    return json(403, httpError(403), { ...rate, ...scope });
  }
  const body = meOf(account, grant.clientId, platform);
  return json(200, call.url.searchParams.get('raw_json') === '1' ? body : escapeTexts(body), rate);
}

function rateHeaders({ used, remaining, resetSeconds }: Spent): Readonly<Record<string, string>> {
  return {
    'x-ratelimit-used': String(used),
    // A float with one decimal, as Reddit writes it, while the other two are whole numbers.
    'x-ratelimit-remaining': remaining.toFixed(1),
    'x-ratelimit-reset': String(resetSeconds),
  };
}

function meOf(account: RedditAccount, clientId: string, { avatarUrl }: Platform<Modes>): JsonObject {
  const picture = avatarUrl(account, 'width=256&height=256&s=9c2f');
  return {
    id: account.id,
    name: account.handle,
    icon_img: account.picture === 'icon_img' ? picture : '',
    snoovatar_img: account.picture === 'snoovatar_img' ? picture : '',
    total_karma: account.karma,
    link_karma: 0,
    comment_karma: account.karma,
    awardee_karma: 0,
    awarder_karma: 0,
    created_utc: 1_514_764_800.0,
    verified: true,
    has_verified_email: !account.suspended,
    over_18: false,
    is_mod: false,
    is_gold: false,
    is_suspended: account.suspended,
    inbox_count: 0,
    has_mail: false,
    oauth_client_id: clientId,
    subreddit: {
      display_name: `u_${account.handle}`,
      title: account.name,
      public_description: 'Tea & tides <3',
    },
    features: {},
  };
}

/** Reddit escapes these three characters in every text unless the caller asks for `raw_json=1`. */
function escapeTexts(body: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, escapeText(value)]));
}

function escapeText(value: unknown): unknown {
  if (typeof value === 'string') {
    return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  }
  return typeof value === 'object' && value !== null ? escapeTexts({ ...value }) : value;
}

/** `error` is a number here and a text in OAuth errors. */
export function httpError(status: number): JsonObject {
  return { message: STATUS_CODES[status] ?? 'Error', error: status };
}
