/** How far the news about one thing has come, so that an older event that arrives later is known as older. */
import type { ConnectionId } from '../ids.ts';
import { absent, allOf, anyOf, equals, lessThan } from '../table/condition.ts';
import { subjectKey } from '../table/keys.ts';
import type { Table } from '../table/table.ts';

/** A month: longer than anything here is still talked about. */
const keptSeconds = 30 * 86_400;

export type SubjectStore = ReturnType<typeof createSubjectStore>;

export function createSubjectStore(table: Table, now: () => number) {
  return {
    /** Notes an event about a subject unless a later one is known. Answers whether it is the latest; so does a repeat. */
    advance(
      connectionId: ConnectionId,
      subject: string,
      occurredAt: number,
      eventId: string,
    ): Promise<boolean> {
      const later = anyOf(
        absent('pk'),
        lessThan('occurredAt', occurredAt),
        allOf(equals('occurredAt', occurredAt), equals('eventId', eventId)),
      );
      const item = { occurredAt, eventId, ttl: Math.floor(now() / 1000) + keptSeconds };
      return table.put(subjectKey(connectionId, subject), item, later);
    },
  };
}
