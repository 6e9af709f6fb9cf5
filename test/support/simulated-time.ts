/**
 * Time that passes only while everybody sleeps: calls take none of it, however slow the machine is, and a wait of an
 * hour takes a moment. So a test says exactly what is later than what.
 */

interface Sleeper {
  readonly wakeAt: number;
  readonly wake: () => void;
}

export function simulateTime(start = Date.UTC(2026, 10, 20, 12)) {
  let clock = start;
  let underWay = 0;
  let looking = false;
  let sleepers: readonly Sleeper[] = [];

  return {
    now: () => clock,

    /** Sleeps until the clock gets there, which it does when nobody is doing anything else. */
    sleep: (milliseconds: number): Promise<void> =>
      new Promise((resolve) => {
        sleepers = [...sleepers, { wakeAt: clock + Math.ceil(milliseconds), wake: resolve }];
        look();
      }),

    /** Lets time pass, or sets the clock back, at once. Sleepers who are due wake. */
    advance(milliseconds: number): void {
      clock += milliseconds;
      look();
    },

    /** Runs something that takes real time and none of this one: a call, or a test's own step. */
    during: async <Result>(work: () => Promise<Result>): Promise<Result> => {
      underWay += 1;
      try {
        return await work();
      } finally {
        underWay -= 1;
        look();
      }
    },
  };

  function look(): void {
    if (looking) return;
    looking = true;
    // The caller that was just answered continues first; three turns of the loop are more than any of our steps needs.
    setImmediate(() => setImmediate(() => setImmediate(wakeNext)));
  }

  function wakeNext(): void {
    looking = false;
    if (underWay > 0 || sleepers.length === 0) return;
    clock = Math.max(clock, Math.min(...sleepers.map(({ wakeAt }) => wakeAt)));
    const due = sleepers.filter(({ wakeAt }) => wakeAt <= clock);
    sleepers = sleepers.filter(({ wakeAt }) => wakeAt > clock);
    for (const { wake } of due) wake();
    look();
  }
}
