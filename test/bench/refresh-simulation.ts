/**
 * Days in the life of many connections, played: the clock ticks each minute, sweeps fill a queue, workers empty it as
 * Lambda would, tenants ask for tokens, platforms answer, fall silent and come back. All that is decided is the product's.
 */
import { functions, queues, visibilitySeconds } from '../../infra/topology.ts';
import { resumeJobs } from '../../lib/integrations/disconnect/resume-jobs.ts';
import { getAccessToken } from '../../lib/integrations/tokens/get-access-token.ts';
import type { RefreshOutcome } from '../../lib/integrations/worker/refresh-worker.ts';
import { sweepDue } from '../../lib/integrations/worker/sweep-due.ts';
import { simulateTime } from '../support/simulated-time.ts';
import { type Consumption, nothingConsumed } from './refresh-capacity.ts';
import { openCountingStore } from './refresh-counting-table.ts';
import { type Outage, openPlatforms, type TokenCall } from './refresh-platforms.ts';
import { connectionOf, namesOf, type Person } from './refresh-population.ts';
import { seededRandom } from './refresh-seeded-random.ts';
import {
  type LifecycleFixture,
  openLifecycleFixture,
  type Role,
  refreshQueue,
  type Worker,
} from './refresh-world.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly days: number;
  readonly people: (fixture: LifecycleFixture) => readonly Person[];
  /** Times are counted from the beginning, in milliseconds. */
  readonly outages: readonly Outage[];
}

/** When a token was asked for, and whether one was given. */
export interface Reading {
  readonly account: number;
  readonly at: number;
  readonly served: boolean;
}

export interface Simulation {
  readonly people: readonly Person[];
  readonly began: number;
  readonly ended: number;
  readonly calls: readonly TokenCall[];
  readonly outages: readonly Outage[];
  readonly readings: readonly Reading[];
  /** When each person's newest token ends. */
  readonly endOf: (account: number) => number;
  readonly consumed: Readonly<Record<Role, Consumption>>;
  /** How often KMS, Secrets Manager and each command of SQS was called. */
  readonly requests: Readonly<Record<string, number>>;
  readonly sweeps: number;
  readonly worked: Readonly<Partial<Record<RefreshOutcome, number>>>;
  /** Invocations of the worker, and the milliseconds that they took together. */
  readonly batches: number;
  readonly batchMilliseconds: number;
  readonly failedMessages: number;
  readonly loggedBytes: number;
}

export const minuteMilliseconds = 60_000;
const dayMinutes = 1_440;
const readsPerDay = 4;
const { batchSize, maxConcurrency } = queues.refresh.worker;
/**
 * A receive does not always bring as many messages as wait: of a burst of 200, Lambda makes 21 to 24 batches
 * (https://www.capitalone.com/tech/cloud/lambda-sqs-batch-size/). With so many that bring less, there are 23.
 */
const shortReceives = 0.25;
const hiddenMilliseconds = visibilitySeconds('refresh') * 1000;
/** What the AWS calls of a batch take, one after the other; in the simulation they take nothing. */
const awsMilliseconds = 60;
/** A message's CPU time at a whole vCPU, which is what 1,769 MB bring; the bench of the worker measures it. */
const cpuMilliseconds = 4;
const vcpus = functions['refresh-connection'].memoryMb / 1_769;

export async function simulate(options: SimulationOptions): Promise<Simulation> {
  const random = seededRandom(options.seed);
  const time = simulateTime();
  const sleep = (milliseconds: number) => time.sleep(milliseconds);
  const began = time.now();
  const outages = options.outages.map((outage) => ({
    ...outage,
    from: began + outage.from,
    until: began + outage.until,
  }));
  const platforms = openPlatforms({
    now: time.now,
    sleep,
    // Most answers within half a second, one in a hundred later than a second and a half.
    latency: () => Math.min(8_000, 200 - 300 * Math.log(1 - random())),
    outages,
  });
  const stores = { precious: openCountingStore(), activity: openCountingStore() };
  const consumed: Record<Role, Consumption> = {
    'setting up': nothingConsumed(),
    sweep: nothingConsumed(),
    worker: nothingConsumed(),
    reader: nothingConsumed(),
  };
  const fixture = await openLifecycleFixture({
    tables: (role) => ({
      precious: stores.precious.open(consumed[role]),
      activity: stores.activity.open(consumed[role]),
    }),
    platforms,
    now: time.now,
    sleep,
    random,
  });
  const people = options.people(fixture);
  for (const person of people) {
    const sealer = await fixture.setUp.vault.sealerFor(person.tenantId);
    await fixture.setUp.connections.create(connectionOf(person, { platforms, sealer, now: began, random }));
  }

  const minutes = options.days * dayMinutes;
  const asks = plannedReads(people, minutes, random);
  const reader = fixture.newReader();
  const readings: Reading[] = [];
  const worked: Partial<Record<RefreshOutcome, number>> = {};
  const batches = { count: 0, milliseconds: 0, failed: 0 };
  const idleWorkers: Worker[] = [];
  const underWay = new Set<Promise<void>>();
  let invocations = 0;

  for (let minute = 0; minute < minutes; minute += 1) {
    await sweepDue(fixture.sweep);
    await resumeJobs(fixture.resume);
    receive();
    for (const person of asks[minute] ?? []) run(read(person));
    await time.sleep(began + (minute + 1) * minuteMilliseconds - time.now());
  }
  const ended = time.now();
  await Promise.all(underWay);
  return {
    people,
    began,
    ended,
    calls: platforms.calls,
    outages,
    readings,
    endOf: platforms.endOf,
    consumed,
    requests: fixture.aws.requests,
    sweeps: minutes,
    worked,
    batches: batches.count,
    batchMilliseconds: batches.milliseconds,
    failedMessages: batches.failed,
    loggedBytes: fixture.loggedBytes(),
  };

  function run(work: Promise<void>): void {
    const tracked = work.finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  }

  /** Hands what waits to as many invocations as there may be. */
  function receive(): void {
    while (invocations < maxConcurrency && fixture.aws.waiting(refreshQueue) > 0) {
      const most = random() < shortReceives ? 1 + Math.floor(batchSize * random()) : batchSize;
      run(work(fixture.aws.take(refreshQueue, most)));
    }
  }

  /** One invocation, on an instance that is idle or a new one. Messages that fail come back. */
  async function work(messages: readonly string[]): Promise<void> {
    const worker =
      idleWorkers.pop() ??
      fixture.newWorker((what) => {
        worked[what] = (worked[what] ?? 0) + 1;
      });
    invocations += 1;
    const from = time.now();
    const outcomes = await Promise.allSettled(messages.map(worker));
    batches.count += 1;
    batches.milliseconds += time.now() - from + awsMilliseconds + (messages.length * cpuMilliseconds) / vcpus;
    idleWorkers.push(worker);
    invocations -= 1;
    receive();
    const failed = messages.filter((_, index) => outcomes[index]?.status === 'rejected');
    if (failed.length === 0) return;
    batches.failed += failed.length;
    await time.sleep(hiddenMilliseconds);
    fixture.aws.putBack(refreshQueue, failed);
  }

  async function read({ account, tenantId, provider }: Person): Promise<void> {
    await time.sleep(minuteMilliseconds * random());
    const at = time.now();
    const { userId, accountId } = namesOf(account);
    const served = await getAccessToken(reader, { tenantId, userId, provider: provider.id, accountId }).then(
      () => true,
      () => false,
    );
    readings.push({ account, at, served });
  }
}

/** Who asks in which minute: those who use their connection some times a day, those who return from some day on. */
function plannedReads(people: readonly Person[], minutes: number, random: () => number): readonly Person[][] {
  const plan: Person[][] = Array.from({ length: minutes }, () => []);
  for (const person of people) {
    if (person.use !== 'steady' && person.use !== 'returning') continue;
    let at = person.use === 'returning' ? (0.2 + 0.6 * random()) * minutes : 0;
    for (;;) {
      at += (-Math.log(1 - random()) * dayMinutes) / readsPerDay;
      if (at >= minutes) break;
      plan[Math.floor(at)]?.push(person);
    }
  }
  return plan;
}
