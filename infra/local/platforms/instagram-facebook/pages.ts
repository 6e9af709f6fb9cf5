/**
 * `GET /me/accounts` of graph.facebook.com: a user's Pages, each with its token and the Instagram account on it.
 * https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-facebook-login/get-started
 */
import type { Call, JsonObject, Platform, Reply } from '../../sandbox/dialect.ts';
import type { HeldToken } from '../../sandbox/grants.ts';
import { json } from '../../sandbox/reply.ts';
import { graphError, parseFields, pick } from '../meta/graph-reply.ts';
import { endlessSeconds, kindOf, mintToken, pageOf } from '../meta/graph-tokens.ts';
import type { UsageMeter } from '../meta/graph-usage.ts';
import { type Page, professionalFields, professionals } from '../meta/people.ts';
import type { Modes } from './modes.ts';
import { withUser } from './user.ts';

export function pagesOf(call: Call, platform: Platform<Modes>, usage: UsageMeter): Reply {
  return withUser(call, platform, (user, held) => {
    if (kindOf(held.token) === 'P') {
      return graphError({ code: 100, message: '(#100) Tried accessing nonexisting field (accounts)' });
    }
    const { clientId, subject, scopes } = held.grant;
    return usage.meter({ clientId, account: subject }, () => {
      if (!scopes.includes('pages_show_list')) {
        return graphError({ code: 200, message: '(#200) Requires pages_show_list permission' }, 403);
      }
      const { lostPage } = platform.modes();
      return listed(
        call,
        platform,
        held,
        user.pages.filter(({ id }) => id !== lostPage),
      );
    });
  });
}

function listed(call: Call, platform: Platform<Modes>, held: HeldToken, pages: readonly Page[]): Reply {
  const query = call.url.searchParams;
  const size = Math.min(platform.modes().pageSize, Number(query.get('limit') ?? 25) || 25);
  const start = Number(cursorText(query.get('after') ?? '')) || 0;
  const fields = parseFields(query.get('fields') ?? 'access_token,name,id,tasks');
  const data: JsonObject[] = [];
  for (const page of pages.slice(start, start + size)) {
    const shown = pick({ ...describe(page, platform, held) }, fields);
    if (shown.kind === 'refused') return shown.reply;
    // The id comes with every entry, asked for or not.
    data.push({ ...shown.value, id: page.id });
  }
  const end = start + data.length;
  const next = new URL(call.url);
  next.host = call.headers.host ?? next.host;
  next.searchParams.set('access_token', held.token);
  next.searchParams.set('after', cursor(end));
  return json(200, {
    data,
    ...(data.length > 0 && {
      paging: {
        cursors: { before: cursor(start), after: cursor(end) },
        ...(end < pages.length && { next: next.href }),
      },
    }),
  });
}

function describe(page: Page, platform: Platform<Modes>, held: HeldToken): JsonObject {
  const linked = professionals.find(({ key }) => key === page.linked);
  const mayRead = held.grant.scopes.includes('instagram_basic');
  return {
    id: page.id,
    name: page.name,
    tasks: ['ADVERTISE', 'ANALYZE', 'CREATE_CONTENT', 'MESSAGING', 'MODERATE', 'MANAGE'],
    access_token: pageToken(page, platform, held),
    instagram_business_account:
      linked && mayRead
        ? {
            id: linked.igId,
            ...professionalFields(linked, platform.avatarUrl(linked, 'stp=dst-jpg_s206&oe=6A0F')),
          }
        : undefined,
  };
}

/** The same token for as long as the grant holds it; one that comes from a long-lived user token has no end. */
function pageToken(
  page: Page,
  { grants, now }: Platform<Modes>,
  { grant, token, expiresAt }: HeldToken,
): string {
  const endless = kindOf(token) === 'L';
  const held = grant.accessTokens.find(
    (one) =>
      pageOf(one.token) === page.id && one.expiresAt > (endless ? now() + endlessSeconds * 500 : now()),
  );
  if (held) return held.token;
  const seconds = endless ? endlessSeconds : Math.floor((expiresAt - now()) / 1000);
  return grants.issue(grant, mintToken('EAA', 'P', page.id), seconds);
}

function cursor(position: number): string {
  return Buffer.from(`QVFI${position}`).toString('base64url');
}

function cursorText(text: string): string {
  return Buffer.from(text, 'base64url').toString().replace(/^QVFI/, '');
}
