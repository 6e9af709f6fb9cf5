/** Reddit's budget of calls: one per OAuth client, shared by all its users, told in three headers. */

/** What a call left of the budget. */
export interface Spent {
  readonly allowed: boolean;
  readonly resetSeconds: number;
  readonly headers: Readonly<Record<string, string>>;
}

export type RateBudget = ReturnType<typeof openRateBudget>;

/** Counts calls in windows that begin with a client's first call. The budget is read anew at every call. */
export function openRateBudget(
  now: () => number,
  budget: () => { readonly calls: number; readonly windowSeconds: number },
) {
  const windows = new Map<string, { readonly endsAt: number; used: number }>();

  return {
    spend(clientId: string): Spent {
      const { calls, windowSeconds } = budget();
      const known = windows.get(clientId);
      const window =
        known && known.endsAt > now() ? known : { endsAt: now() + windowSeconds * 1000, used: 0 };
      windows.set(clientId, window);
      const allowed = window.used < calls;
      if (allowed) window.used += 1;
      const resetSeconds = Math.ceil((window.endsAt - now()) / 1000);
      return {
        allowed,
        resetSeconds,
        headers: {
          'x-ratelimit-used': String(window.used),
          // A float with one decimal, as Reddit writes it, while the other two are whole numbers.
          'x-ratelimit-remaining': Math.max(0, calls - window.used).toFixed(1),
          'x-ratelimit-reset': String(resetSeconds),
        },
      };
    },
  };
}
