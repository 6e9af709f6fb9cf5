/** `hawser dlq …`: messages that failed for good. Only the ids that they name are ever shown. */

import { idsIn } from '../../../lib/admin/failures/dead-letter-summary.ts';
import type { DeadLetter } from '../../../lib/admin/failures/dead-letters.ts';
import { factSheet, textTable, timeText } from '../terminal/text-table.ts';
import { type Call, type Command, type Shown, UsageError } from './command.ts';

export const deadLetterCommands: readonly Command[] = [
  {
    usage: 'dlq list [QUEUE]',
    summary: 'Counts the dead letters of every queue, or lists those of one, the oldest first.',
    act: (call) => (call.arguments.length === 0 ? count(call) : list(call)),
  },
  { usage: 'dlq show QUEUE ID', summary: 'Shows what a dead letter names. All else is masked.', act: show },
  {
    usage: 'dlq replay QUEUE [ID] [--all]',
    summary:
      'Sends a dead letter back to its queue, or all of them. Once the reason for its failure is gone.',
    act: replay,
  },
];

async function count({ operator }: Call): Promise<Shown> {
  const counts = await operator.countDeadLetters();
  return {
    data: { queues: counts },
    text: textTable(
      ['QUEUE', 'DEAD LETTERS'],
      counts.map(({ queue, count }) => [queue, String(count)]),
    ),
  };
}

async function list({ operator, arguments: [queue = ''] }: Call): Promise<Shown> {
  const { letters, more } = await operator.listDeadLetters(queue);
  const rows = letters.map(({ id, sentAt, summary }) => [
    id,
    timeText(sentAt),
    idsIn(summary)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ') || 'nothing known',
  ]);
  return {
    data: { queue, letters: letters.map(view), more },
    text: rows.length === 0 ? '' : textTable(['ID', 'SENT', 'NAMES'], rows),
    ...(rows.length === 0 && { note: `The queue ${queue} has no dead letters.` }),
    ...(more && { note: 'There are more than these.' }),
  };
}

async function show({ operator, arguments: [queue = '', id = ''] }: Call): Promise<Shown> {
  const letter = await operator.findDeadLetter(queue, id);
  return {
    data: { queue, ...view(letter) },
    text: factSheet([
      ['Id', letter.id],
      ['Queue', queue],
      ['Sent', timeText(letter.sentAt)],
      ...Object.entries(letter.summary).map(([name, value]) => [`· ${name}`, String(value)] as const),
    ]),
  };
}

async function replay({ operator, arguments: [queue = '', id], given }: Call): Promise<Shown> {
  if ((id === undefined) !== (given.all === true)) {
    throw new UsageError('Say which one: an ID as `hawser dlq list` shows it, or --all.');
  }
  const replayed = await operator.replayDeadLetters(queue, id);
  return {
    data: { queue, replayed },
    text: `${replayed} ${replayed === 1 ? 'message has' : 'messages have'} gone back to ${queue}.\n`,
  };
}

function view({ id, sentAt, summary }: DeadLetter) {
  return { id, sentAt: timeText(sentAt), names: summary };
}
