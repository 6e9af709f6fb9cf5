/** A message's fields, those of its envelope as `event.id`; values that are not ids are masked. */
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
/** Fields that wrap what the message is about; the summary names the ids inside them, too. */
const envelopes: ReadonlySet<string> = new Set(['event', 'connection']);
/** No id or time is longer: a longer value is something else, and is masked. */
const longest = 256;
const mask = '[masked]';

export function summaryOf(body: string): Summary {
  const message = parse(body);
  if (!isRecord(message)) {
    return { body: `${mask} ${body.length} characters that are no JSON object` };
  }
  return Object.fromEntries(
    Object.entries(message).flatMap(([name, value]) =>
      envelopes.has(name) && isRecord(value)
        ? Object.entries(value).map(([inner, held]) => [`${name}.${inner}`, shownValue(inner, held)] as const)
        : [[name, shownValue(name, value)] as const],
    ),
  );
}

/** The fields that are not masked. */
export function idsIn(summary: Summary): readonly (readonly [name: string, value: string | number])[] {
  return Object.entries(summary).filter(([name]) => shown.has(name.slice(name.indexOf('.') + 1)));
}

function shownValue(name: string, value: unknown): string | number {
  if (!shown.has(name)) return mask;
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.length <= longest ? value : mask;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
