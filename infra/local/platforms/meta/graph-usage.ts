/**
 * The Graph API's accounts of use: percentages in two headers that climb to a hundred, then refusals that say in
 * minutes after which to retry. https://developers.facebook.com/docs/graph-api/overview/rate-limiting/
 */
import { z } from 'zod';
import type { Reply } from '../../sandbox/dialect.ts';
import { graphError } from './graph-reply.ts';

/** The switches of the limit, the same in both flavours. */
export const usageModes = {
  /** Calls of one app and user in the window. Real budgets follow an account's impressions. */
  callBudget: z.int().min(0).default(10_000),
  budgetWindowSeconds: z.int().min(60).default(3_600),
  /** The code of the refusal: by app, user, Page, custom, or Instagram's own business use case. */
  throttleCode: z.literal([4, 17, 32, 613, 80_002]).default(80_002),
  /** Its status; documents and clients differ. */
  throttleStatus: z.literal([400, 403, 429]).default(400),
  /** Whether a refusal says when to retry. */
  regainTime: z.boolean().default(true),
};
const shape = z.object(usageModes);

export type UsageMeter = ReturnType<typeof openUsageMeter>;

export function openUsageMeter(now: () => number, modes: () => z.output<typeof shape>) {
  const windows = new Map<string, { readonly endsAt: number; calls: number }>();

  return {
    /** Counts a call on behalf of an account and dresses its answer, or refuses. */
    meter(who: { readonly clientId: string; readonly account: string }, answer: () => Reply): Reply {
      const { callBudget, budgetWindowSeconds, throttleCode, throttleStatus, regainTime } = modes();
      const key = `${who.clientId}\n${who.account}`;
      const known = windows.get(key);
      const window =
        known && known.endsAt > now() ? known : { endsAt: now() + budgetWindowSeconds * 1000, calls: 0 };
      windows.set(key, window);
      window.calls += 1;
      const allowed = window.calls <= callBudget;
      const percent = allowed ? Math.floor((window.calls / callBudget) * 100) : 100;
      const minutes = Math.ceil((window.endsAt - now()) / 60_000);
      const use = { call_count: percent, total_cputime: 1, total_time: 1 };
      const regain = regainTime ? { estimated_time_to_regain_access: allowed ? 0 : minutes } : {};
      const headers = {
        'x-app-usage': JSON.stringify(use),
        'x-business-use-case-usage': JSON.stringify({
          [who.account]: [{ type: 'instagram', ...use, ...regain }],
        }),
      };
      const reply = allowed
        ? answer()
        : graphError(
            { code: throttleCode, message: `(#${throttleCode}) There have been too many calls.` },
            throttleStatus,
          );
      return { ...reply, headers: { ...reply.headers, ...headers } };
    },
  };
}
