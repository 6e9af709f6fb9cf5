/**
 * What refreshing costs on AWS, worked out from counted operations and list prices of us-east-1 in dollars, before
 * anything that is free. A line says how it was worked out, so that it can be checked with a pocket calculator.
 */
import { functions, schedules } from '../../infra/topology.ts';
import type { Consumption } from './refresh-capacity.ts';

const million = 1_000_000;
const prices = {
  /** https://aws.amazon.com/dynamodb/pricing/on-demand/ */
  writeUnit: 0.625 / million,
  readUnit: 0.125 / million,
  /** https://aws.amazon.com/sqs/pricing/: sending, receiving and deleting are a request each, with up to ten messages. */
  sqsRequest: 0.4 / million,
  /** https://aws.amazon.com/kms/pricing/ */
  kmsCall: 0.03 / 10_000,
  /** https://aws.amazon.com/secrets-manager/pricing/ */
  secretCall: 0.05 / 10_000,
  /** https://aws.amazon.com/lambda/pricing/, arm64. */
  lambdaGbSecond: 0.0000133334,
  lambdaInvocation: 0.2 / million,
  /** https://aws.amazon.com/eventbridge/pricing/ */
  schedule: 1 / million,
} as const;

/** A part of the bill. */
export interface CostLine {
  readonly name: string;
  readonly arithmetic: string;
  readonly dollars: number;
}

/** What so many refreshes took. */
export interface RefreshCounts {
  readonly refreshes: number;
  readonly worker: Consumption;
  readonly sqsRequests: number;
  readonly kmsCalls: number;
  readonly secretCalls: number;
  readonly invocations: number;
  readonly invocationSeconds: number;
}

/** What a million refreshes cost that are like these. */
export function perMillion(counts: RefreshCounts): readonly CostLine[] {
  const each = (count: number) => count / counts.refreshes;
  const line = (name: string, unit: string, count: number, price: number): CostLine => ({
    name,
    arithmetic: `${each(count).toFixed(3)} ${unit} × ${unitPrice(price)}`,
    dollars: each(count) * price * million,
  });
  const { worker } = counts;
  const gigabytes = functions['refresh-connection'].memoryMb / 1_024;
  return [
    line('DynamoDB, writes to the tables', 'units', worker.writeUnits, prices.writeUnit),
    line('DynamoDB, writes to indexes', 'units', worker.indexWriteUnits, prices.writeUnit),
    line('DynamoDB, reads', 'units', worker.readUnits, prices.readUnit),
    line('SQS', 'requests', counts.sqsRequests, prices.sqsRequest),
    line('KMS', 'calls', counts.kmsCalls, prices.kmsCall),
    line('Secrets Manager', 'calls', counts.secretCalls, prices.secretCall),
    line('Lambda, invocations', 'invocations', counts.invocations, prices.lambdaInvocation),
    line('Lambda, time', `s at ${gigabytes} GB`, counts.invocationSeconds, gigabytes * prices.lambdaGbSecond),
  ];
}

/** Lambda keeps five long polls of 20 s open on a queue with nothing in it. */
const idlePollsPerMinute = 15;
/** The sweep reads its shards of one provider after the other, all providers at once. */
const sweepSeconds = 0.2;
const monthMinutes = 43_200;

/** What a month costs in which nothing is due: looking for it. */
export function perMonth(sweep: Consumption, sweeps: number): readonly CostLine[] {
  const runs = (monthMinutes * 60) / schedules['refresh-due'].everySeconds;
  const gigabytes = functions['refresh-due'].memoryMb / 1_024;
  const line = (name: string, unit: string, perRun: number, price: number): CostLine => ({
    name,
    arithmetic: `${runs} × ${Number(perRun.toFixed(3))} ${unit} × ${unitPrice(price)}`,
    dollars: runs * perRun * price,
  });
  return [
    line('DynamoDB, reads of the due index', 'units', sweep.readUnits / sweeps, prices.readUnit),
    line(
      'SQS, looks into the queue and empty receives',
      'requests',
      1 + idlePollsPerMinute,
      prices.sqsRequest,
    ),
    line('Lambda, invocations', 'invocation', 1, prices.lambdaInvocation),
    line('Lambda, time', `s at ${gigabytes} GB`, sweepSeconds, gigabytes * prices.lambdaGbSecond),
    line('Scheduler', 'invocation', 1, prices.schedule),
  ];
}

export function total(lines: readonly CostLine[]): number {
  return lines.reduce((sum, line) => sum + line.dollars, 0);
}

/** The lines as they would stand on a bill, and their sum. */
export function bill(title: string, lines: readonly CostLine[]): string {
  const widest = Math.max(...lines.map(({ name }) => name.length));
  const rows = lines.map(
    (line) => `  ${line.name.padEnd(widest)}  ${dollars(line.dollars).padStart(7)}  ${line.arithmetic}`,
  );
  return [`${title}: ${dollars(total(lines))}`, ...rows].join('\n');
}

function unitPrice(price: number): string {
  return `$${Number((price * million).toFixed(3))} a million`;
}

function dollars(amount: number): string {
  return `$${amount.toFixed(amount > 0 && amount < 0.095 ? 3 : 2)}`;
}
