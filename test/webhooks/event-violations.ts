/** Checks the promises of the webhook pipeline after all events were processed, and describes each violation. */
import type { SealedConnection } from '../../lib/connections/connection.ts';
import type { NumberedEvent, Population } from './population.ts';
import type { Told } from './tenant-endpoints.ts';
import type { Effects } from './unreliable-aws.ts';

export interface Observed {
  readonly population: Population;
  readonly effects: Effects;
  /** The events that tenants' endpoints accepted, one entry per delivery. */
  readonly told: readonly Told[];
  /** Calls that they must never receive. */
  readonly wrong: readonly string[];
  /** Their final state. */
  readonly connections: readonly SealedConnection[];
  /** The time of the latest known event about a post at a connection. */
  readonly subjects: ReadonlyMap<string, number | undefined>;
}

/** The posts of a population, each with its latest event at each of its connections. */
export function publishingsOf(
  population: Population,
): readonly { readonly event: NumberedEvent; readonly connection: SealedConnection }[] {
  const latest = new Map<string, NumberedEvent>();
  for (const event of population.events) if (event.publishId) latest.set(event.publishId, event);
  return [...latest.values()].flatMap((event) =>
    connectionsOf(population, event).map((connection) => ({ event, connection })),
  );
}

/** Names a post at a connection. */
export const subjectName = (connectionId: string, publishId = '') => `${publishId} at ${connectionId}`;

export function judge(observed: Observed): readonly string[] {
  return [
    ...observed.wrong.map((what) => `A tenant got ${what}.`),
    ...judgeDeliveries(observed),
    ...judgeGrants(observed),
    ...judgeSubjects(observed),
  ];
}

/** Each event reaches the tenants of all its connections, at least once and always under the same id. */
function judgeDeliveries({ population, told }: Observed): readonly string[] {
  const wanted = new Map(
    population.events.flatMap((event) =>
      connectionsOf(population, event).map(({ id }) => [`event ${event.number} at ${id}`, new Set<string>()]),
    ),
  );
  const ids = new Map<string, string>();
  const violations: string[] = [];
  for (const { id, connectionId, data } of told) {
    // Hawser's own events have no number.
    if (data.number === undefined) continue;
    const place = `event ${data.number} at ${connectionId}`;
    const seen = wanted.get(place);
    if (seen === undefined) violations.push(`There should be no ${place}.`);
    seen?.add(id);
    const other = ids.get(id);
    if (other !== undefined && other !== place) violations.push(`${place} has the id of ${other}.`);
    ids.set(id, place);
  }
  for (const [place, seen] of wanted) {
    if (seen.size === 0) violations.push(`Nobody was told of ${place}.`);
    if (seen.size > 1) violations.push(`${place} came under ${seen.size} ids.`);
  }
  return violations;
}

/** A deauthorization ends its connections once; one of an earlier grant ends none. */
function judgeGrants({ population, effects, connections }: Observed): readonly string[] {
  const violations: string[] = [];
  const ended = Map.groupBy(effects.deauthorizations, (key) => key);
  for (const [key, times] of ended) {
    if (times.length > 1) violations.push(`${key} lost its grant ${times.length} times.`);
  }
  const removed = population.events.filter(({ kind }) => kind === 'deauthorized');
  const expected = new Set(removed.flatMap((event) => connectionsOf(population, event)).map(({ id }) => id));
  if (ended.size !== expected.size) violations.push(`${ended.size} grants ended, not ${expected.size}.`);
  for (const { id, status } of connections) {
    const wanted = expected.has(id) ? 'reconnect_required' : 'active';
    if (status !== wanted) violations.push(`Connection ${id} is ${status}, not ${wanted}.`);
  }
  return violations;
}

/** The order of a post ends at its latest event, and each event advances it at most once. */
function judgeSubjects({ population, effects, told, subjects }: Observed): readonly string[] {
  const violations: string[] = [];
  const publishings = publishingsOf(population);
  for (const { event, connection } of publishings) {
    const name = subjectName(connection.id, event.publishId);
    const known = subjects.get(name);
    // TikTok's times are in seconds.
    const wanted = Math.floor(event.occurredAt / 1000) * 1000;
    if (known !== wanted) violations.push(`${name} is known as of ${known}, not ${wanted}.`);
  }
  const moved = Map.groupBy(effects.advances, ({ resourceKey }) => resourceKey);
  if (moved.size !== publishings.length)
    violations.push(`${moved.size} publishings moved on, not ${publishings.length}.`);
  for (const [resourceKey, moves] of moved) {
    const by = new Set(moves.map(({ eventId }) => eventId));
    if (by.size !== moves.length) violations.push(`${resourceKey} was moved twice by one event.`);
  }
  const newest = new Set(publishings.map(({ event }) => event.number));
  for (const { data, superseded } of told) {
    if (superseded && data.number !== undefined && newest.has(data.number))
      violations.push(`The latest event ${data.number} passes for superseded.`);
  }
  return violations;
}

function connectionsOf({ connections, late }: Population, { account }: NumberedEvent) {
  return [...connections, ...late].filter(({ accountId }) => accountId === account);
}
