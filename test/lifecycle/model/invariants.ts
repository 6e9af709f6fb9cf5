/** The model: what an observer knows of each person's connection, and the invariants that hold after every step. */
import { expect } from 'vitest';
import type { SealedConnection } from '../../../lib/connections/connection.ts';
import type { LifecycleFixture } from '../../support/lifecycle/lifecycle-fixture.ts';
import { step } from '../../support/lifecycle/process.ts';
import { tenantId, tiktok } from '../../support/lifecycle/tenant-at-platform.ts';
import type { Accounts, Act, Ended, Person } from './actions.ts';

export interface Known {
  /** The highest generation seen of the connection of that id. */
  id: string | undefined;
  generation: number;
  /** The sealed access token of that generation. */
  sealed: string;
  /** The status last seen. */
  status: SealedConnection['status'] | 'none';
  /** Why the platform may refuse its token; a connection that ends without such a reason is a violation. */
  readonly reasons: Set<'ended at the platform' | 'an answer was lost' | 'a holder died'>;
  /** Whether the platform may hold a grant whose tokens were lost with the instance that was connecting. */
  orphaned: boolean;
}

export interface Model {
  readonly people: Map<Person, Known>;
  /** Tokens that were being spent by two calls at once. */
  readonly races: string[];
}

export function newModel(): Model {
  return { people: new Map(), races: [] };
}

/** Every call to the platform takes three seconds, so that concurrent actions overlap with it. */
export function watchCalls(fixture: LifecycleFixture, model: Model): void {
  const halfway = 1_500;
  const answeredAt = new Map<string, number>();
  fixture.platformCall = async (call, { body }) => {
    const spent = body instanceof URLSearchParams ? body.get('refresh_token') : null;
    const now = fixture.time.now();
    if (spent !== null) {
      if (now < (answeredAt.get(spent) ?? 0)) model.races.push('a token was being spent twice at once');
      answeredAt.set(spent, now + 2 * halfway);
    }
    await fixture.time.sleep(halfway);
    // The dead send nothing any more.
    await step();
    const answer = await call();
    await fixture.time.sleep(halfway);
    return answer;
  };
}

export function knownOf(model: Model, person: Person): Known {
  const known = model.people.get(person) ?? {
    id: undefined,
    generation: 0,
    sealed: '',
    status: 'none',
    reasons: new Set(),
    orphaned: false,
  };
  model.people.set(person, known);
  return known;
}

/** Records concurrent actions. */
export function note(model: Model, acts: readonly Act[], ends: readonly Ended[]): void {
  acts.forEach(({ kind, person }, index) => {
    if (ends[index]?.kind !== 'died') return;
    const met = kind === 'sweep' ? [...model.people.values()] : [knownOf(model, person)];
    for (const known of met) {
      known.reasons.add('a holder died');
      if (kind === 'connect') known.orphaned = true;
    }
  });
}

/** The invariants of every response. */
export async function checkAnswers(
  fixture: LifecycleFixture,
  model: Model,
  acts: readonly Act[],
  ends: readonly Ended[],
): Promise<void> {
  for (const [index, ended] of ends.entries()) {
    const act = acts[index];
    if (!act) continue;
    const known = knownOf(model, act.person);
    if (ended.kind === 'served') {
      expect(Date.parse(ended.token.expiresAt ?? ''), 'a token that had ended was served').toBeGreaterThan(
        ended.at,
      );
      if (acts.length === 1) expect(known.status, 'a token was served of what is over').toBe('active');
      if (acts.length === 1 && known.reasons.size === 0) {
        const good = await fixture.isGood(ended.token.accessToken.reveal());
        expect(good, 'a token was served that the platform does not take').toBe(true);
      }
    }
    if (ended.kind === 'disconnected' && ended.revocation === 'revoked' && acts.length === 1) {
      const left = fixture.platform.control({ command: 'kill_grants', account: act.person });
      if (!known.orphaned)
        expect(left, 'a living grant was called revoked').toEqual({ ok: true, affected: 0 });
      known.orphaned = false;
    }
  }
}

/** The invariants of every record. */
export async function checkRecords(
  fixture: LifecycleFixture,
  model: Model,
  accounts: Accounts,
): Promise<ReadonlyMap<Person, SealedConnection>> {
  const records = new Map<Person, SealedConnection>();
  const { connections } = fixture.newInstance().deps;
  for (const [person, accountId] of accounts) {
    const known = knownOf(model, person);
    const record = await connections.get(tenantId, tiktok, accountId);
    known.status = record?.status ?? 'none';
    if (!record) continue;
    records.set(person, record);
    if (record.id === known.id) {
      expect(record.generation, 'a generation went back').toBeGreaterThanOrEqual(known.generation);
    }
    const sealed = Buffer.from(record.sealed.accessToken).toString('base64');
    if (record.id === known.id && record.generation === known.generation) {
      expect(sealed === known.sealed, 'credentials changed under one generation').toBe(true);
    }
    known.id = record.id;
    known.generation = record.generation;
    known.sealed = sealed;
    if (record.status === 'reconnect_required') {
      expect(known.reasons.size, `the end of ${person} was declared without evidence`).toBeGreaterThan(0);
    }
    expect(['active', 'disconnecting', 'reconnect_required']).toContain(record.status);
  }
  expect(model.races).toEqual([]);
  return records;
}

/** Once faults are over and time has passed, no connection is stuck in a transient status. */
export async function checkNobodyIsStuck(
  fixture: LifecycleFixture,
  model: Model,
  accounts: Accounts,
): Promise<void> {
  fixture.platform.control({ command: 'clear_faults' });
  for (let minute = 0; minute < 4; minute += 1) {
    fixture.time.advance(60_000);
    const instance = fixture.newInstance();
    await fixture.queues.sweep(instance);
    await fixture.queues.work('refresh', instance);
    await fixture.queues.work('rescue', instance);
  }
  const records = await checkRecords(fixture, model, accounts);
  for (const [person, record] of records) {
    expect(record.status, `${person} is still being disconnected`).not.toBe('disconnecting');
    expect(record.pendingEvent, `${person}'s tenant was not told`).toBeUndefined();
    if (knownOf(model, person).reasons.size === 0) expect(record.status).toBe('active');
  }
}
