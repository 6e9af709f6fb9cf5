/** Runs the topology's schedules, as EventBridge Scheduler does: each at its interval, whether the last run ended or not. */
import type { FunctionName } from '../../../lib/config.ts';
import { type ScheduleName, schedules } from '../../topology.ts';

export interface Schedules {
  close(): void;
}

interface ScheduleDeps {
  readonly invoke: (functionName: FunctionName, event: unknown) => Promise<unknown>;
  readonly now: () => number;
}

const names = Object.keys(schedules) as ScheduleName[];

export function startSchedules(deps: ScheduleDeps): Schedules {
  const timers = names.map((name) =>
    setInterval(() => {
      // A failed run is made good by the next; the function itself has said what failed.
      void runSchedule(deps, name).catch(() => undefined);
    }, schedules[name].everySeconds * 1000),
  );
  return {
    close: () => {
      for (const timer of timers) clearInterval(timer);
    },
  };
}

/** One run, now. Rejects when the function fails. */
export async function runSchedule({ invoke, now }: ScheduleDeps, name: ScheduleName): Promise<void> {
  await invoke(name, { scheduledTime: new Date(now()).toISOString() });
}
