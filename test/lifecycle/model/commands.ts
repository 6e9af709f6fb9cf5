/** The model's commands: single and concurrent actions, platform behaviour, and time. */
import * as fc from 'fast-check';
import type { Fault } from '../../../infra/local/sandbox/control/control.ts';
import type { LifecycleFixture } from '../../support/lifecycle/lifecycle-fixture.ts';
import { type Accounts, type Act, people, perform } from './actions.ts';
import {
  checkAnswers,
  checkNobodyIsStuck,
  checkRecords,
  knownOf,
  type Model,
  newModel,
  note,
  watchCalls,
} from './invariants.ts';

/** The system under test in a run. */
export interface Real {
  readonly fixture: LifecycleFixture;
  readonly accounts: Accounts;
}

type Command = fc.AsyncCommand<Model, Real>;

const second = 1_000;
const passing = fc.constantFrom(
  second,
  20 * second,
  60 * second,
  1_200 * second,
  7_100 * second,
  7_200 * second,
  7_200 * second,
  86_400 * second,
);
const person = fc.oneof(
  { weight: 3, arbitrary: fc.constant(people[0]) },
  { weight: 1, arbitrary: fc.constant(people[1]) },
);
const kind = fc.constantFrom<Act['kind'][]>(
  'read',
  'read',
  'refresh',
  'refresh',
  'sweep',
  'disconnect',
  'connect',
);
/** A sweep reads sixteen shards before it has any work. */
const mostSteps = { connect: 60, read: 24, refresh: 24, disconnect: 36, sweep: 110 } as const;
const act = fc
  .tuple(kind, person, fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined, freq: 2 }))
  .map(
    ([what, who, percent]): Act => ({
      kind: what,
      person: who,
      diesAfter: percent === undefined ? undefined : Math.floor((percent / 100) * mostSteps[what]),
    }),
  );

const together = fc.array(act, { minLength: 1, maxLength: 3 }).map(
  (acts): Command => ({
    check: () => true,
    async run(model, { fixture, accounts }) {
      const ends = await Promise.all(acts.map((each) => perform(fixture, accounts, each)));
      note(model, acts, ends);
      await checkAnswers(fixture, model, acts, ends);
      await checkRecords(fixture, model, accounts);
    },
    toString: () => `together(${acts.map(nameOf).join(', ')})`,
  }),
);

const connects = person.map(
  (who): Command => ({
    check: () => true,
    async run(model, { fixture, accounts }) {
      // With what may still be lost hanging over it, no life could be called safe.
      fixture.platform.control({ command: 'clear_faults' });
      const ended = await perform(fixture, accounts, { kind: 'connect', person: who, diesAfter: undefined });
      // Whatever was in doubt, these are tokens of a consent that nobody else knows of.
      if (ended.kind === 'connected') knownOf(model, who).reasons.clear();
      await checkRecords(fixture, model, accounts);
    },
    toString: () => `connect ${who}`,
  }),
);

const passes = passing.map(
  (milliseconds): Command => ({
    check: () => true,
    async run(_, { fixture }) {
      fixture.time.advance(milliseconds);
    },
    toString: () => `${milliseconds / second} s pass`,
  }),
);

const endsAtPlatform = person.map(
  (who): Command => ({
    check: () => true,
    async run(model, { fixture }) {
      fixture.platform.control({ command: 'kill_grants', account: who });
      const known = knownOf(model, who);
      known.reasons.add('ended at the platform');
      known.orphaned = false;
    },
    toString: () => `${who} ends the grant at the platform`,
  }),
);

const troubles: readonly (readonly [string, Fault])[] = [
  ['refuses with 500', { kind: 'status', status: 500, body: 'html' }],
  ['asks for a pause', { kind: 'rate_limited', retryAfterSeconds: 30 }],
  ['loses its answer', { kind: 'lose_answer' }],
];
const troubled = fc
  .tuple(fc.constantFrom(...troubles), fc.constantFrom('token' as const, 'revoke' as const))
  .map(
    ([[name, fault], endpoint]): Command => ({
      check: () => true,
      async run(model, { fixture }) {
        const grantType = endpoint === 'token' ? { grantType: 'refresh_token' } : {};
        fixture.platform.control({ command: 'inject', endpoint, calls: 1, fault, ...grantType });
        if (fault.kind !== 'lose_answer' || endpoint !== 'token') return;
        for (const who of people) knownOf(model, who).reasons.add('an answer was lost');
      },
      toString: () => `the platform's ${endpoint} endpoint ${name}`,
    }),
  );

/** The property: the invariants hold after any actions in any order. */
export function lifecycleProperty(fixture: LifecycleFixture, maxCommands: number) {
  const commands = fc.commands(
    [together, together, together, passes, passes, connects, troubled, endsAtPlatform],
    {
      maxCommands,
      size: 'max',
    },
  );
  return fc.asyncProperty(commands, async (drawn) => {
    await fixture.reset();
    const model = newModel();
    const real: Real = { fixture, accounts: new Map() };
    for (const who of people) {
      await perform(fixture, real.accounts, { kind: 'connect', person: who, diesAfter: undefined });
    }
    await checkRecords(fixture, model, real.accounts);
    watchCalls(fixture, model);
    await fc.asyncModelRun(() => ({ model, real }), drawn);
    await checkNobodyIsStuck(fixture, model, real.accounts);
  });
}

function nameOf({ kind, person: who, diesAfter }: Act): string {
  return `${kind} ${who}${diesAfter === undefined ? '' : ` †${diesAfter}`}`;
}
