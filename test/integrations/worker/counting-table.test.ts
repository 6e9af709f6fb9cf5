/** The counting table, which applies DynamoDB's capacity rules, agrees with engines that implement DynamoDB's API. */
import { expect, it } from 'vitest';
import {
  absent,
  allOf,
  anyOf,
  atMost,
  equals,
  exists,
  greaterThan,
  lessThan,
} from '../../../lib/table/condition.ts';
import type { Item, Table } from '../../../lib/table/table.ts';
import { nothingConsumed } from '../../bench/refresh-capacity.ts';
import { openCountingStore } from '../../bench/refresh-counting-table.ts';
import { countReported } from '../../bench/refresh-reported-capacity.ts';
import { onEachEngine } from '../../table/engines.ts';

const keyOf = (number: number) => ({ pk: `item#${number}`, sk: 'item' });
const dueAt = (number: number) => ({ dueKey: `due#${number % 4}`, dueSort: String(1_000 + number) });

onEachEngine((engine) => {
  it('the counting table returns the same results and capacity as an engine', async () => {
    const { table, client } = await engine.newTableWithClient();
    const reported = nothingConsumed();
    countReported(client, reported);
    const counted = nothingConsumed();

    const real = await story(table);
    const ours = await story(openCountingStore().open(counted));

    expect(ours).toEqual(real);
    const { indexWriteUnits, ...rest } = counted;
    expect(indexWriteUnits).toBeGreaterThan(0);
    // dynalite reports no writes to indexes; the other engine does.
    expect([0, indexWriteUnits]).toContain(reported.indexWriteUnits);
    expect(rest).toEqual({ ...reported, indexWriteUnits: undefined });
  });

  it('the counting table refuses what an engine refuses and counts the refusal as a write', async () => {
    const counted = nothingConsumed();
    const tables = [await engine.newTable(), openCountingStore().open(counted)];

    const answers = await Promise.all(
      tables.map(async (table) => [
        await table.put(keyOf(1), { number: 1, text: 'a'.repeat(1_500) }),
        await table.put(keyOf(1), { number: 2 }),
        await table.update(keyOf(1), { set: { number: 3 } }, greaterThan('number', 1)),
        await table.update(keyOf(2), { set: { number: 3 } }, exists('pk')),
        await table.swap(keyOf(2), { number: 4 }, anyOf(exists('pk'), lessThan('number', 9))),
        await table.delete(keyOf(1), allOf(equals('number', 1), absent('text'))),
        (await table.get(keyOf(1)))?.['number'],
        await table.get(keyOf(2)),
      ]),
    );

    expect(answers[1]).toEqual(answers[0]);
    expect(answers[1]).toEqual([true, false, undefined, undefined, undefined, false, 1, undefined]);
    expect(counted).toMatchObject({ calls: 8, readUnits: 2, writeUnits: 2 + 2 + 2 + 1 + 1 + 2 });
  });
});

/** Calls every operation of a table and collects all results. */
async function story(table: Table): Promise<readonly unknown[]> {
  const answers: unknown[] = [];
  for (let number = 0; number < 40; number += 1) {
    const item = {
      number,
      half: number / 2 - 7.25,
      text: 'a'.repeat(number * 40),
      bytes: new Uint8Array(number * 7),
      list: ['a', 1, true, { deep: [number] }],
      nothing: undefined,
      ...(number % 3 > 0 && dueAt(2 * number)),
      tenantKey: 'tenant#harbour',
      tenantSort: `connection#${number % 7}#${number}`,
    };
    answers.push(await table.put(keyOf(number), item));
  }
  const later = anyOf(
    lessThan('number', 3),
    allOf(equals('number', 10), exists('dueKey'), atMost('half', 5)),
  );
  for (const number of [1, 2, 10]) {
    answers.push(await table.update(keyOf(number), { set: dueAt(20 - number), remove: ['list'] }, later));
  }
  answers.push(await table.update(keyOf(4), { remove: ['dueKey', 'dueSort'] }, exists('pk')));
  answers.push(await table.swap(keyOf(5), { number: 500 }, equals('number', 5)));
  answers.push(await table.get(keyOf(7)), await table.get(keyOf(77)));
  for (const partition of ['due#0', 'due#1', 'due#2', 'due#3']) {
    let after: Item | undefined;
    do {
      const page = await table.query({
        index: 'byDue',
        partition,
        upTo: '1060',
        limit: 5,
        ...(after && { after }),
      });
      answers.push(page);
      after = page.last;
    } while (after);
  }
  const tenants = { index: 'byTenant', partition: 'tenant#harbour', sortPrefix: 'connection#3#' } as const;
  answers.push(await table.page({ ...tenants, limit: 100 }, ['number', 'text']));
  answers.push(await table.query({ partition: 'item#3', limit: 1, newestFirst: true }));
  answers.push(await table.delete(keyOf(3), equals('number', 3)), await table.get(keyOf(3)));
  return withoutMarks(answers);
}

/** Write ids are random, and engines represent fractions and bytes differently. */
function withoutMarks(answers: readonly unknown[]): readonly unknown[] {
  const hidden = new Set(['writeId', 'half', 'bytes', 'list']);
  const text = JSON.stringify(answers, (name, value: unknown) => (hidden.has(name) ? undefined : value));
  return [JSON.parse(text)];
}
