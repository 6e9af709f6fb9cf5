/** `hawser dlq …`: messages that SQS moved aside after their last attempt. Only the ids in them are ever shown. */

import { idsIn } from '../../../lib/admin/failures/dead-letter-summary.ts';
import type { DeadLetter } from '../../../lib/admin/failures/dead-letters.ts';
import { replayReport } from '../terminal/replay-report.ts';
import { factSheet, textTable, timeText } from '../terminal/text-table.ts';
import { UsageError } from '../terminal/usage-error.ts';
import type { Act, Call, Group, Shown } from './call.ts';

export function addDeadLetterCommands(deadLetters: Group, act: Act): void {
  deadLetters
    .command('list [QUEUE]')
    .description('Counts the dead letters of every queue, or lists those of one queue, the oldest first.')
    .action(act((call, queue) => (queue === undefined ? count(call) : list(call, queue))));
  deadLetters
    .command('show <QUEUE> <ID>')
    .description('Shows the ids in a dead letter. Everything else is masked.')
    .action(act(show));
  deadLetters
    .command('replay <QUEUE> [ID]')
    .description('Sends a dead letter back to its queue. Do so after you have fixed why it failed.')
    .option('--all', 'send back all dead letters of the queue')
    .action(act(replay));
}

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

async function list({ operator }: Call, queue: string): Promise<Shown> {
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

async function show({ operator }: Call, queue: string, id: string): Promise<Shown> {
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

async function replay(
  { operator }: Call,
  queue: string,
  id: string | undefined,
  { all = false }: { readonly all?: boolean | undefined },
): Promise<Shown> {
  if ((id === undefined) !== all) {
    throw new UsageError('Say which one: an ID as `hawser dlq list` shows it, or --all.');
  }
  const counts = await operator.replayDeadLetters(queue, id);
  return { data: { queue, ...counts }, ...replayReport(counts, queue) };
}

function view({ id, sentAt, summary }: DeadLetter) {
  return { id, sentAt: timeText(sentAt), names: summary };
}
