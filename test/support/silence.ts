/**
 * How long a platform may take to answer in a test. A healthy answer has as long as it needs on a loaded machine; only
 * where a test made the platform silent is there nothing to wait for.
 */
import type { Fault } from '../../infra/local/sandbox/control/control.ts';

export const patienceMilliseconds = 60_000;
export const silenceMilliseconds = 1_500;

/** Whether no whole answer comes, however long one waits. */
export function isSilence(fault: Fault): boolean {
  return (
    (fault.kind === 'hold_answer' && fault.milliseconds === undefined) ||
    (fault.kind === 'half_body' && fault.afterwards === 'stall')
  );
}
