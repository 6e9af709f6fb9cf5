/**
 * The sweep and its worker with a thousand connections due among ten thousand, a hundred thousand and a million stored:
 * what they read and write depends on the thousand. The smallest number is counted by an engine, too.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { SQSClient } from '@aws-sdk/client-sqs';
import { startLocalAws } from '../../infra/local/aws/local-aws.ts';
import { localNames, provision } from '../../infra/local/stack/provision.ts';
import { openTable } from '../../lib/table/table.ts';
import { sumOf } from './refresh-capacity.ts';
import { openCountingStore } from './refresh-counting-table.ts';
import { type Swept, sweepOnce } from './refresh-one-sweep.ts';
import { countReported } from './refresh-reported-capacity.ts';
import { spelled, toColumns } from './refresh-text.ts';
import type { Role } from './refresh-world.ts';
import { type BenchGroup, exactly } from './row.ts';

const due = 1_000;
const sizes = [10_000, 100_000, 1_000_000] as const;

/** Measures in about two minutes. */
export const sweep: BenchGroup = {
  name: 'sweep',
  async measure() {
    const counted: Swept[] = [];
    for (const stored of sizes) counted.push(await sweepCounted({ stored, due }));
    const [smallest, ...larger] = counted;
    if (!smallest) throw new Error('There is no smallest number.');
    const engine = await sweepOnEngine({ stored: smallest.stored, due });
    return {
      rows: [
        exactly(
          {
            name: 'Index entries that a sweep reads with 1,000 due',
            value: smallest.sweep.itemsRead,
            unit: 'entries',
          },
          due,
        ),
        ...larger.map((each) =>
          exactly(
            {
              name: `… and its worker, units with ${spelled(each.stored)} stored, in times of those with 10,000`,
              value: unitsOf(each) / unitsOf(smallest),
              unit: '×',
            },
            1,
          ),
        ),
        exactly(
          {
            name: '… units counted by rule with 10,000 stored, in times of those that an engine reports',
            value: (unitsOf(smallest) - indexUnitsOf(smallest)) / (unitsOf(engine) - indexUnitsOf(engine)),
            unit: '×',
          },
          1,
        ),
      ],
      notes: [toText([...counted.map((each) => ({ by: 'rule', ...each })), { by: 'dynalite', ...engine }])],
    };
  },
};

type Size = Parameters<typeof sweepOnce>[1];

async function sweepCounted(size: Size): Promise<Swept> {
  const stores = { precious: openCountingStore(), activity: openCountingStore() };
  return sweepOnce(
    (_role, consumed) => ({
      precious: stores.precious.open(consumed),
      activity: stores.activity.open(consumed),
    }),
    size,
  );
}

/** On the engine of the local AWS, which reports what it has read and written, writes to indexes left out. */
async function sweepOnEngine(size: Size): Promise<Swept> {
  const aws = await startLocalAws({ grantsOf: () => undefined, now: Date.now });
  const settings = {
    endpoint: aws.endpoints.dynamodb,
    region: aws.region,
    credentials: { accessKeyId: 'OPERATOR', secretAccessKey: 's4ndb0x' },
  };
  const clients = new Map<Role, DynamoDBClient>();
  const provisioned = {
    dynamoDb: new DynamoDBClient(settings),
    kms: new KMSClient(settings),
    sqs: new SQSClient({ ...settings, useQueueUrlAsEndpoint: false }),
  };
  try {
    await provision(provisioned);
    return await sweepOnce((role, consumed) => {
      const client = clients.get(role) ?? new DynamoDBClient(settings);
      if (!clients.has(role)) countReported(client, consumed);
      clients.set(role, client);
      return {
        precious: openTable(client, localNames.connectionsTable),
        activity: openTable(client, localNames.activityTable),
      };
    }, size);
  } finally {
    for (const client of [...Object.values(provisioned), ...clients.values()]) client.destroy();
    await aws.close();
  }
}

function unitsOf({ sweep: swept, worker }: Swept): number {
  const { readUnits, writeUnits, indexWriteUnits } = sumOf([swept, worker]);
  return readUnits + writeUnits + indexWriteUnits;
}

function indexUnitsOf({ worker }: Swept): number {
  return worker.indexWriteUnits;
}

/** All that was counted, a line for each run. */
function toText(runs: readonly (Swept & { readonly by: string })[]): string {
  const titles =
    'stored|due|counted by|sweep: queries|entries|read units|worker: items|read units|write units|index write units|refreshed';
  const lines = runs.map(({ by, stored, due: dueOnes, sweep: swept, worker, refreshed }) => [
    spelled(stored),
    spelled(dueOnes),
    by,
    spelled(swept.calls),
    spelled(swept.itemsRead),
    spelled(swept.readUnits),
    spelled(worker.itemsRead),
    spelled(worker.readUnits),
    spelled(worker.writeUnits),
    // What is not reported is not zero.
    by === 'dynalite' ? '?' : spelled(worker.indexWriteUnits),
    spelled(refreshed),
  ]);
  return toColumns([titles.split('|'), ...lines]);
}
