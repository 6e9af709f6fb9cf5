/** Summarises a queued message by its ids, and masks tokens, sealed bytes and users' data. */

/** A message's fields; values that are not ids are masked. */
export type Summary = Readonly<Record<string, string | number>>;

/** Fields that hold ids, kinds, counts and times in the messages of all queues. */
const shown: ReadonlySet<string> = new Set([
  'id',
  'type',
  'kind',
  'tenantId',
  'userId',
  'provider',
  'appId',
  'accountId',
  'connectionId',
  'grantId',
  'flowId',
  'jobId',
  'eventId',
  'destinationId',
  'generation',
  'attempt',
  'occurredAt',
  'receivedAt',
]);
/** No id or time is longer: a longer value is something else, and is masked. */
const longest = 256;
const mask = '[masked]';

export function summaryOf(body: string): Summary {
  const message = parse(body);
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    return { body: `${mask} ${body.length} characters that are no JSON object` };
  }
  return Object.fromEntries(Object.entries(message).map(([name, value]) => [name, shownValue(name, value)]));
}

/** The fields that are not masked. */
export function idsIn(summary: Summary): readonly (readonly [name: string, value: string | number])[] {
  return Object.entries(summary).filter(([name]) => shown.has(name));
}

function shownValue(name: string, value: unknown): string | number {
  if (!shown.has(name)) return mask;
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.length <= longest ? value : mask;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
