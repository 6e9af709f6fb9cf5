/** A platform's budget of calls: one per OAuth client, shared by all its users. */

/** What a call left of the budget. */
export interface Spent {
  readonly allowed: boolean;
  readonly used: number;
  readonly remaining: number;
  readonly resetSeconds: number;
}

export type RateBudget = ReturnType<typeof openRateBudget>;

/** Counts calls in windows that begin with a client's first call. Each call reads the current budget. */
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
      return {
        allowed,
        used: window.used,
        remaining: Math.max(0, calls - window.used),
        resetSeconds: Math.ceil((window.endsAt - now()) / 1000),
      };
    },
  };
}
