/**
 * A function instance that can die: it stops at its nth step and never goes on, as if the machine were gone. A step
 * is the sending or the answer of a call to AWS or to a platform; between two of them nothing can be seen from outside.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface Mortal {
  /** Steps until death; endless when absent. */
  left?: number;
  /** How many steps it has taken. */
  steps: number;
  readonly died: PromiseWithResolvers<'died'>;
}

const running = new AsyncLocalStorage<Mortal>();

/** Runs work in an instance that dies after so many steps, and answers how that ended. */
export async function runUntil<Result>(
  steps: number | undefined,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result | 'died'; readonly steps: number }> {
  const mortal: Mortal = {
    steps: 0,
    died: Promise.withResolvers(),
    ...(steps !== undefined && { left: steps }),
  };
  const result = await Promise.race([running.run(mortal, work), mortal.died.promise]);
  return { result, steps: mortal.steps };
}

/** Counts a step of the instance that is running; one that is dead goes no further. */
export async function step(): Promise<void> {
  const mortal = running.getStore();
  if (!mortal) return;
  if (mortal.left !== undefined && mortal.steps >= mortal.left) {
    mortal.died.resolve('died');
    await new Promise(() => undefined);
  }
  mortal.steps += 1;
}
