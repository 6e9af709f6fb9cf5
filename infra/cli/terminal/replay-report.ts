/** What `replay` says of many messages: how many went back, and on standard error how many stay. */
import type { ReplayCounts } from '../../../lib/admin/deps.ts';

/** @param target the queue, or the queues, to which they went back. */
export function replayReport(
  { replayed, unreadable }: ReplayCounts,
  target: string,
): { readonly text: string; readonly note?: string } {
  return {
    text: `${messages(replayed, 'has', 'have')} gone back to ${target}.\n`,
    ...(unreadable > 0 && {
      note: `${messages(unreadable, 'stays', 'stay')}, because no worker can read ${unreadable === 1 ? 'it' : 'them'}.`,
    }),
  };
}

function messages(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? `message ${one}` : `messages ${many}`}`;
}
