/** What leaves a connection's status alone: for each state and each event when the connection is due next. */
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../lib/connections/connection.ts';
import { type Decision, keepFor, unlessOvertaken } from '../../lib/connections/connection-change.ts';
import {
  bringForward,
  claimProbe,
  leaveIdle,
  leaveInDoubt,
  markPublished,
  noteUse,
  postponeRefresh,
  postponeRevocation,
  waitForAge,
  waitForOperator,
} from '../../lib/connections/reschedule.ts';
import {
  chance,
  connectionIn,
  day,
  describeDecision,
  hour,
  minute,
  now,
  policy,
  type StateName,
  second,
  stateNames,
} from './states.ts';

interface Row {
  readonly event: (current: Connection) => Decision;
  readonly before?: Partial<Connection>;
  /** The due date in every state, or in each. */
  readonly due: string | Readonly<Record<StateName, string>>;
}

const bySchedule = {
  active: 'no-event due-before-end',
  expiring: 'no-event due-before-end',
  misconfigured: 'no-event due-after-operator',
  reconnect_required: 'no-event never-due',
  deauthorized: 'no-event never-due',
  disconnecting: 'no-event due-before-end',
} as const;

const table: Readonly<Record<string, Row>> = {
  'a refresh that may succeed later': {
    event: (current) => postponeRefresh(current, chance),
    due: 'no-event due-after-backoff',
  },
  'a refresh that the platform forbids for an hour': {
    event: (current) => postponeRefresh(current, { afterSeconds: 3_600, now, random: () => 0 }),
    due: `no-event due-in-${(hour + second) / minute}-minutes`,
  },
  'a refresh that only an operator can repair': {
    event: (current) => waitForOperator(current, now),
    due: 'no-event due-after-operator',
  },
  'a refresh whose answer was lost': {
    event: (current) => leaveInDoubt(current, { leaseDeadline: now + 20 * second, random: () => 1 }),
    due: 'no-event due-after-backoff',
  },
  'a refresh that came too early': {
    event: () => waitForAge(chance),
    due: `no-event due-in-${(0.75 * day) / minute}-minutes`,
  },
  'a due date without use, where the refresh token never expires': {
    event: (current) => leaveIdle(current, { policy, random: chance.random }),
    due: 'no-event never-due',
  },
  'a due date without use, where the refresh token lives for ten days unused': {
    event: (current) =>
      leaveIdle(current, { policy: { ...policy, keepAliveSeconds: (10 * day) / second }, random: () => 0 }),
    due: `no-event due-in-${(8.5 * day) / minute}-minutes`,
  },
  'the first use of a day': {
    event: (current) => noteUse(current, { policy, ...chance }),
    before: { lastUsedAt: now - day },
    due: bySchedule,
  },
  'a use while an event is pending': {
    event: (current) => noteUse(current, { policy, ...chance }),
    before: { pendingEvent: 'connection.recovered' },
    due: 'no-event due-as-before',
  },
  'the publication of the pending event': {
    event: (current) => markPublished(current, { policy, ...chance }),
    before: { pendingEvent: 'connection.recovered' },
    due: {
      active: 'cleared due-before-end',
      expiring: 'cleared due-before-end',
      misconfigured: 'cleared due-after-operator',
      reconnect_required: 'cleared never-due',
      deauthorized: 'cleared never-due',
      disconnecting: 'cleared due-as-before',
    },
  },
  'the beginning of a probe': {
    event: (current) => claimProbe(current, { policy: { ...policy, probeEverySeconds: 7_200 }, ...chance }),
    due: {
      active: 'no-event due-in-120-minutes',
      expiring: 'no-event due-in-120-minutes',
      misconfigured: 'no-event due-after-operator',
      reconnect_required: 'no-event never-due',
      deauthorized: 'no-event never-due',
      disconnecting: 'no-event due-in-120-minutes',
    },
  },
  'the wish of an operator': {
    event: () => bringForward(now, { usedAt: now }),
    due: 'no-event due-now',
  },
};

describe.each(Object.entries(table))('%s', (_, { event, before = {}, due }) => {
  it.each(stateNames)('keeps the state of a connection that is %s and sets its due date', (state) => {
    const connection = connectionIn(state, before);
    const { status, statusReason = '-' } = connection;

    const expected = typeof due === 'string' ? due : due[state];
    expect(describeDecision(connection, event(connection))).toBe(`= ${status} ${statusReason} ${expected}`);
  });
});

describe('a failed attempt', () => {
  it('increments the failures of the connection', () => {
    const connection = connectionIn('active', { failures: 2 });

    for (const { change } of [
      postponeRefresh(connection, chance),
      waitForOperator(connection, now),
      leaveInDoubt(connection, { leaseDeadline: now, random: () => 0 }),
    ]) {
      expect(change.failures).toBe(3);
    }
  });

  it('backs off longer each time, up to a minute', () => {
    const waits = [0, 1, 2, 3, 10].map((failures) => {
      const { change } = postponeRefresh(connectionIn('active', { failures }), { now, random: () => 1 });
      return (change.dueAt ?? 0) - now;
    });

    expect(waits).toEqual([11, 21, 41, 61, 61].map((seconds) => seconds * second));
  });
});

describe('an unconfirmed revocation', () => {
  it('is retried within the hour, however often it failed', () => {
    const connection = connectionIn('disconnecting', { failures: 30 });

    expect(postponeRevocation(connection, { now, random: () => 1 })).toMatchObject({
      change: { failures: 31, dueAt: now + hour + second },
    });
  });

  it.each(stateNames.filter((state) => state !== 'disconnecting'))(
    'is not rescheduled for a connection that is %s again',
    (state) => {
      expect(postponeRevocation(connectionIn(state), chance)).toEqual(keepFor('not_disconnecting'));
    },
  );
});

it('a use of a connection is recorded once a day', () => {
  const connection = connectionIn('active', { lastUsedAt: now - day + 1 });

  expect(noteUse(connection, { policy, ...chance })).toEqual(keepFor('noted_before'));
});

it('marking an event as published changes nothing when none is pending', () => {
  expect(markPublished(connectionIn('active'), { policy, ...chance })).toEqual(keepFor('nothing_pending'));
});

it.each([
  ['credentials', { generation: 8 }],
  ['state', { status: 'misconfigured' }],
  ['reason', { statusReason: 'another' }],
] as const)('changes nothing for an attempt on another %s', (_, changes) => {
  const seen = connectionIn('active');
  const decide = unlessOvertaken(seen, () => waitForAge(chance));

  expect(decide(connectionIn('active', changes))).toEqual(keepFor('overtaken'));
  expect(decide(connectionIn('active')).kind).toBe('change');
});
