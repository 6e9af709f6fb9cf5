/** Runs the topology's schedules, as EventBridge Scheduler does: each at its interval, whether the last run ended or not. */
import type { FunctionName } from '../../lib/config.ts';
import { schedules } from '../topology.ts';

export interface Schedules {
  close(): void;
}

export function startSchedules(options: {
  readonly invoke: (functionName: FunctionName, event: unknown) => Promise<unknown>;
  readonly now: () => number;
}): Schedules {
  const timers = Object.entries(schedules).map(([name, { everySeconds }]) =>
    setInterval(() => {
      // A failed run is made good by the next; the function itself has said what failed.
      void options
        .invoke(name as FunctionName, { scheduledTime: new Date(options.now()).toISOString() })
        .catch(() => undefined);
    }, everySeconds * 1000),
  );
  return {
    close: () => {
      for (const timer of timers) clearInterval(timer);
    },
  };
}
