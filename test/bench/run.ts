/**
 * `npm run bench`: measures what the project promises about its own speed and size, as a table; `-- --json` writes one
 * object per row, `-- --only <part>` runs the groups whose name has that part. A missed target is said, and is no failure.
 */
import { parseArgs } from 'node:util';
import { bundles } from './bundles.ts';
import { catalogue } from './catalogue.ts';
import { coldStart } from './cold-start.ts';
import { importSpread } from './import-spread.ts';
import { describeMachine } from './machine.ts';
import { refreshWork } from './refresh-work.ts';
import type { BenchRow } from './row.ts';
import { simulatedWeek } from './simulated-week.ts';
import { sweep } from './sweep.ts';
import { sweepUnderOverload } from './sweep-overload.ts';
import { summary, toJson, toTable } from './table.ts';
import { vault } from './vault.ts';
import { warmRead } from './warm-read.ts';
import { webhookAcknowledge } from './webhook-acknowledge.ts';
import { webhookBurst } from './webhook-burst.ts';
import { webhookProcessing } from './webhook-processing.ts';

const groups = [
  vault,
  warmRead,
  bundles,
  coldStart,
  catalogue,
  refreshWork,
  sweep,
  sweepUnderOverload,
  simulatedWeek,
  importSpread,
  webhookAcknowledge,
  webhookBurst,
  webhookProcessing,
];

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
});
const chosen = groups.filter(({ name }) => name.includes(values.only.toLowerCase()));
if (chosen.length === 0) {
  process.stderr.write(`No group is named so. There are: ${groups.map(({ name }) => name).join(', ')}.\n`);
  process.exit(2);
}

// In JSON, standard output holds rows and nothing else.
const tell = (text: string) => (values.json ? process.stderr : process.stdout).write(`${text}\n`);
const all: BenchRow[] = [];
tell(`Measured on ${describeMachine()}.`);
for (const group of chosen) {
  const { rows, notes = [] } = await group.measure();
  all.push(...rows);
  if (values.json) for (const row of rows) process.stdout.write(`${toJson(row)}\n`);
  else tell(`\n${group.name}\n${toTable(rows)}`);
  for (const note of notes) tell(note);
}
tell(`\n${summary(all)}`);
