/** Counts the calls that reach the local AWS services, so that a promise such as "one AWS call" can be tested. */

interface CallCount {
  readonly principal: string;
  /** Service and operation as they travel, such as `sqs:SendMessageBatch`. */
  readonly action: string;
  readonly count: number;
}

export interface CallCounter {
  readonly count: (principal: string, action: string) => void;
  /** Every call since the start or the last reset, refused and failed ones included. */
  readonly calls: () => readonly CallCount[];
  readonly resetCalls: () => void;
}

/** A counter of calls by caller and action. */
export function countCalls(): CallCounter {
  const counts = new Map<string, CallCount>();
  return {
    count(principal, action) {
      const key = `${principal} ${action}`;
      counts.set(key, { principal, action, count: (counts.get(key)?.count ?? 0) + 1 });
    },
    calls: () => [...counts.values()],
    resetCalls: () => counts.clear(),
  };
}
