/**
 * EventBridge on this machine, as far as events are put on buses: it takes and refuses them as AWS does, has no rules,
 * and keeps the last ones in memory, to be looked at.
 */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { busNameOf } from '../account.ts';
import type { JsonObject } from '../front/aws-call.ts';
import { type Operation, operation } from '../json-operations.ts';

/** An event that a bus took. */
export interface BusEntry {
  readonly id: string;
  readonly bus: string;
  readonly source: string;
  readonly detailType: string;
  /** Epoch milliseconds, where the sender gave a time. */
  readonly time: number | undefined;
  readonly detail: unknown;
}

const keptEntries = 1_000;
/** Of one entry. https://docs.aws.amazon.com/eventbridge/latest/userguide/calculate-putevents-entry-size.html */
const mostBytes = 256 * 1024;
const entry = z.object({
  EventBusName: z.string().min(1).max(1600).default('default'),
  Source: z.string().optional(),
  DetailType: z.string().optional(),
  Detail: z.string().optional(),
  // Seconds, as the JSON protocol writes times.
  Time: z.number().optional(),
});
const putEvents = z.object({ Entries: z.array(entry).min(1).max(10) });

export function openBuses(): {
  readonly operations: ReadonlyMap<string, Operation>;
  readonly entries: () => readonly BusEntry[];
} {
  const kept: BusEntry[] = [];

  function put(given: z.output<typeof entry>): JsonObject {
    const { EventBusName, Source, DetailType, Detail, Time } = given;
    if (!Source || !DetailType || !Detail) return refusal('InvalidArgument', 'A parameter is missing.');
    if (Source.startsWith('aws.'))
      return refusal('NotAuthorizedForSourceException', 'Not authorized for the source.');
    if (Buffer.byteLength(Detail) > mostBytes) return refusal('InvalidArgument', 'The entry is too large.');
    const detail = objectIn(Detail);
    if (detail === undefined) return refusal('MalformedDetail', 'Detail is malformed.');
    const id = randomUUID();
    kept.push({
      id,
      bus: busNameOf(EventBusName),
      source: Source,
      detailType: DetailType,
      time: Time === undefined ? undefined : Time * 1000,
      detail,
    });
    if (kept.length > keptEntries) kept.shift();
    return { EventId: id };
  }

  const operations = new Map([
    [
      'PutEvents',
      operation(putEvents, 'ValidationException', ({ Entries }) => {
        const answers = Entries.map(put);
        const failed = answers.filter((answer) => 'ErrorCode' in answer).length;
        return { FailedEntryCount: failed, Entries: answers };
      }),
    ],
  ]);
  return { operations, entries: () => [...kept] };
}

function refusal(code: string, message: string): JsonObject {
  return { ErrorCode: code, ErrorMessage: message };
}

function objectIn(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
