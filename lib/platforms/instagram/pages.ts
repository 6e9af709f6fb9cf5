/**
 * The Facebook Pages a user can act for, and the Instagram account and token that hang on each.
 * https://developers.facebook.com/documentation/instagram-platform/instagram-api-with-facebook-login/get-started
 */
import * as z from 'zod/mini';
import type { Failure } from '../../oauth/outcome.ts';
import type { Account } from '../../providers/account.ts';
import type { PlatformAccess } from '../../providers/adapter/platform-adapter.ts';
import type { ProfileReading } from '../../providers/provider.ts';
import { Secret } from '../../telemetry/secret.ts';
import { describeAccount, graphId, professional } from './account.ts';
import { type GraphRequest, readGraph, readTimeoutMilliseconds } from './graph.ts';

export const pageFields =
  'id,name,access_token,instagram_business_account{id,username,name,profile_picture_url,followers_count,follows_count,media_count}';

/** An entry is about a kilobyte, and an answer may have 256. */
const pagesPerCall = 50;
/** All calls together; a connect has thirty seconds, a refresh its lease. */
const longestReadMilliseconds = 5_000;

const pages = z.object({
  data: z.array(
    z.object({
      id: graphId,
      name: z.optional(z.string()),
      access_token: z.optional(z.string()),
      instagram_business_account: z.optional(z.extend(professional, { id: graphId })),
    }),
  ),
  paging: z.optional(
    z.object({
      cursors: z.optional(z.object({ after: z.optional(z.string()) })),
      next: z.optional(z.string()),
    }),
  ),
});

/** The accounts on one answer. A Page without a professional account, or without a token for us, is none. */
export function readPages(body: Readonly<Record<string, unknown>>): ProfileReading {
  const parsed = pages.safeParse(body);
  if (!parsed.success) return { kind: 'error', code: 'unreadable' };
  return {
    kind: 'accounts',
    accounts: parsed.data.data.flatMap(
      ({ id, name, access_token: token, instagram_business_account: linked }) => {
        if (!linked || !token) return [];
        const { id: accountId, ...fields } = linked;
        const account = describeAccount(accountId, fields, {
          page_id: id,
          page_name: name,
          flavour: 'facebook_login',
        });
        return [{ ...account, accessToken: new Secret(token) }];
      },
    ),
  };
}

/**
 * Every account of every Page.
 * @param wanted the only account that matters: reading ends where it is found.
 */
export async function readAccounts(
  platform: PlatformAccess,
  request: Pick<GraphRequest, 'bearer' | 'query'>,
  wanted?: string,
): Promise<{ readonly kind: 'accounts'; readonly accounts: readonly Account[] } | Failure> {
  const until = platform.now() + longestReadMilliseconds;
  const found: Account[] = [];
  let after: string | undefined;
  do {
    const left = until - platform.now();
    // Half a list would pass for Pages that were lost.
    if (left <= 0) return { kind: 'retryable', reason: 'pages_slow' };
    const answer = await readGraph(platform, {
      ...request,
      url: platform.server.endpoints.profile,
      query: {
        ...request.query,
        fields: pageFields,
        limit: String(pagesPerCall),
        ...(after !== undefined && { after }),
      },
      timeoutMilliseconds: Math.min(left, readTimeoutMilliseconds),
    });
    if (answer.kind !== 'read') return answer;
    const reading = readPages(answer.body);
    if (reading.kind === 'error') return { kind: 'retryable', reason: 'unreadable_answer' };
    found.push(...reading.accounts);
    if (wanted !== undefined && found.some(({ accountId }) => accountId === wanted)) break;
    const next = cursorOf(answer.body);
    if (next !== undefined && next === after) return { kind: 'retryable', reason: 'unreadable_answer' };
    after = next;
  } while (after !== undefined);
  return { kind: 'accounts', accounts: [...new Map(found.map((one) => [one.accountId, one])).values()] };
}

/** The cursor, where more is to come. The address in `next` is not followed: it carries the token, and is the platform's word. */
function cursorOf(body: Readonly<Record<string, unknown>>): string | undefined {
  const paging = pages.safeParse(body).data?.paging;
  if (paging?.next === undefined) return undefined;
  return paging.cursors?.after ?? (URL.parse(paging.next)?.searchParams.get('after') || undefined);
}
