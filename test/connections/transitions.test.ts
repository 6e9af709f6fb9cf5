/** The state machine as a table: for each state and each event the next state, its reason, its event and its due date. */
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../lib/connections/connection.ts';
import type { Decision } from '../../lib/connections/connection-change.ts';
import {
  activate,
  approachEnd,
  beginDisconnect,
  concludeDisconnect,
  deauthorize,
  misconfigure,
  recover,
  refreshed,
  requireReconnect,
} from '../../lib/connections/transitions.ts';
import type { GrantId } from '../../lib/ids.ts';
import type { ConnectionEventType } from '../../lib/vocabulary.ts';
import {
  chance,
  connectionIn,
  day,
  describeChange,
  describeDecision,
  minute,
  now,
  policy,
  type StateName,
  stateNames,
} from './states.ts';

interface Row {
  readonly event: (current: Connection) => Decision;
  /** The connection before the event, beside its state. */
  readonly before?: Partial<Connection>;
  readonly expected: Readonly<Record<StateName, string>>;
}

const credentials = { obtainedAt: now, expiresAt: now + day };
const recovery = '→ active - connection.recovered due-to-publish';
const goneFor = (reason: string) =>
  `→ reconnect_required ${reason} connection.reconnect_required due-to-publish`;
const withdrawn = '→ reconnect_required deauthorized connection.reconnect_required due-now';
const broken = '→ misconfigured invalid_client connection.misconfigured due-after-operator';
const warned = '→ expiring not_renewable connection.expiring due-to-publish';
const ending = '→ disconnecting - cleared due-after-operator';
const unending = { refreshable: false } as const;

const table: Readonly<Record<string, Row>> = {
  'a refresh that succeeded': {
    event: (current) => refreshed(current, { spentGeneration: 7, credentials, policy, ...chance }),
    expected: {
      active: '= active - no-event due-before-end',
      expiring: recovery,
      misconfigured: recovery,
      reconnect_required: recovery,
      deauthorized: '= reconnect_required deauthorized no-event due-as-before',
      disconnecting: '= disconnecting - no-event due-now',
    },
  },
  'a refresh of an earlier generation': {
    event: (current) => refreshed(current, { spentGeneration: 6, credentials, policy, ...chance }),
    expected: {
      active: 'keep overtaken',
      expiring: 'keep overtaken',
      misconfigured: 'keep overtaken',
      reconnect_required: 'keep overtaken',
      deauthorized: 'keep overtaken',
      disconnecting: 'keep overtaken',
    },
  },
  'a probe that found the session working': {
    event: (current) => recover(current, now),
    expected: {
      active: 'keep not_misconfigured',
      expiring: 'keep not_misconfigured',
      misconfigured: recovery,
      reconnect_required: 'keep not_misconfigured',
      deauthorized: 'keep not_misconfigured',
      disconnecting: 'keep not_misconfigured',
    },
  },
  'the end of the grant': {
    event: (current) => requireReconnect(current, { reason: 'revoked', now }),
    expected: {
      active: goneFor('revoked'),
      expiring: goneFor('revoked'),
      misconfigured: goneFor('revoked'),
      reconnect_required: 'keep already_required',
      deauthorized: 'keep already_required',
      disconnecting: 'keep disconnecting',
    },
  },
  'a deauthorization of this grant': {
    event: (current) => deauthorize(current, { grantId: current.grantId, now }),
    expected: {
      active: withdrawn,
      expiring: withdrawn,
      misconfigured: withdrawn,
      reconnect_required: '= reconnect_required deauthorized no-event due-as-before',
      deauthorized: 'keep already_deauthorized',
      disconnecting: 'keep disconnecting',
    },
  },
  'a deauthorization of an earlier grant': {
    event: (current) => deauthorize(current, { grantId: 'gra_0' as GrantId, now }),
    expected: {
      active: 'keep other_grant',
      expiring: 'keep other_grant',
      misconfigured: 'keep other_grant',
      reconnect_required: 'keep other_grant',
      deauthorized: 'keep other_grant',
      disconnecting: 'keep other_grant',
    },
  },
  'a refusal of the provider app': {
    event: (current) => misconfigure(current, { reason: 'invalid_client', now }),
    expected: {
      active: broken,
      expiring: broken,
      misconfigured: '= misconfigured invalid_client no-event due-after-operator',
      reconnect_required: 'keep already_required',
      deauthorized: 'keep already_required',
      disconnecting: '= disconnecting - no-event due-after-operator',
    },
  },
  'the approach of an end that nothing can prevent': {
    event: (current) => approachEnd(current, { policy, ...chance }),
    before: { ...unending, expiresAt: now + 30 * minute },
    expected: {
      active: warned,
      expiring: '= expiring not_renewable no-event due-at-end',
      misconfigured: warned,
      reconnect_required: 'keep already_required',
      deauthorized: 'keep already_required',
      disconnecting: 'keep disconnecting',
    },
  },
  'an end that nothing could prevent': {
    event: (current) => approachEnd(current, { policy, ...chance }),
    before: { ...unending, expiresAt: now },
    expected: {
      active: goneFor('expired'),
      expiring: goneFor('expired'),
      misconfigured: goneFor('expired'),
      reconnect_required: 'keep already_required',
      deauthorized: 'keep already_required',
      disconnecting: 'keep disconnecting',
    },
  },
  'a disconnect': {
    event: (current) => beginDisconnect(current, { now, dueAt: now + 10 * minute }),
    expected: {
      active: ending,
      expiring: ending,
      misconfigured: ending,
      reconnect_required: ending,
      deauthorized: ending,
      disconnecting: 'keep already_disconnecting',
    },
  },
  'the final answer to a disconnect': {
    event: (current) => concludeDisconnect(current, { revocation: 'revoked', now }),
    expected: {
      active: 'keep not_disconnecting',
      expiring: 'keep not_disconnecting',
      misconfigured: 'keep not_disconnecting',
      reconnect_required: 'keep not_disconnecting',
      deauthorized: 'keep not_disconnecting',
      disconnecting: '= disconnecting - connection.disconnected due-to-publish',
    },
  },
};

describe.each(Object.entries(table))('%s', (_, { event, before = {}, expected }) => {
  it.each(stateNames)('moves a connection that is %s to its next state', (state) => {
    const connection = connectionIn(state, before);

    expect(describeDecision(connection, event(connection))).toBe(expected[state]);
  });
});

describe('a granted consent', () => {
  const events: Readonly<Record<StateName, ConnectionEventType>> = {
    active: 'connection.refreshed',
    expiring: 'connection.recovered',
    misconfigured: 'connection.recovered',
    reconnect_required: 'connection.recovered',
    deauthorized: 'connection.recovered',
    disconnecting: 'connection.recovered',
  };

  it.each(stateNames)('makes a connection that is %s active with the next generation', (state) => {
    const before = connectionIn(state);
    const after = activate(before, now);

    const mark = state === 'active' ? '=' : '→';
    expect(describeChange({ ...connectionIn('active'), statusSince: 0 }, after)).toBe(
      `${mark} active - ${events[state]} due-to-publish`,
    );
    expect(after).toMatchObject({ generation: 8, connectedAt: before.connectedAt, grantedAt: now });
  });

  it('creates a new connection with the first generation', () => {
    expect(activate(undefined, now)).toEqual({
      status: 'active',
      statusSince: now,
      generation: 1,
      grantedAt: now,
      lastUsedAt: now,
      pendingEvent: 'connection.created',
      dueAt: now + minute,
      connectedAt: now,
      updatedAt: now,
    });
  });
});

describe('a refresh that succeeded', () => {
  const refresh = (
    current: Connection,
    given: Parameters<typeof refreshed>[1]['credentials'] = credentials,
  ) => refreshed(current, { spentGeneration: 7, credentials: given, policy, ...chance });

  it('raises the generation, clears the failures and records the time in every state', () => {
    for (const state of stateNames) {
      expect(refresh(connectionIn(state))).toMatchObject({
        change: { ...credentials, generation: 8, failures: undefined, updatedAt: now },
      });
    }
  });

  it('keeps the due date of a pending event, so that the sweep still publishes it', () => {
    const connection = connectionIn('active', { pendingEvent: 'connection.created' });

    expect(describeDecision(connection, refresh(connection))).toBe('= active - no-event due-as-before');
  });

  it('takes its due date from the expiry of the new token, and has none when the platform states no expiry', () => {
    const connection = connectionIn('active', { expiresAt: now - 1 });

    const decision = refresh(connection, { obtainedAt: now, expiresAt: undefined });

    expect(describeDecision(connection, decision)).toBe('= active - no-event never-due');
  });
});

it('no expiry warning is published for a token whose platform states no expiry', () => {
  const { expiresAt: _, ...connection } = connectionIn('active', unending);

  const decision = approachEnd(connection, { policy, ...chance });

  expect(describeDecision(connection, decision)).toBe('= active - no-event never-due');
});

it('a finished disconnect records the answer of the platform', () => {
  expect(
    concludeDisconnect(connectionIn('disconnecting'), { revocation: 'shared_grant', now }),
  ).toMatchObject({ change: { revocation: 'shared_grant', updatedAt: now } });
});

it('a disconnect replaces the pending event by its own and resets the publish attempts', () => {
  const connection = connectionIn('active', { pendingEvent: 'connection.created' });

  expect(beginDisconnect(connection, { now, dueAt: now })).toMatchObject({
    change: { pendingEvent: undefined, failures: undefined },
  });
});
