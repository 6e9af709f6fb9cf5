/** The verdict on a simulation must detect every kind of failure; otherwise a good verdict means nothing. */
import { expect, it } from 'vitest';
import type { TenantId } from '../../../lib/ids.ts';
import { consentProvider } from '../../support/providers.ts';
import { nothingConsumed } from '../refresh-capacity.ts';
import type { TokenCall } from '../refresh-platforms.ts';
import type { Simulation } from '../refresh-simulation.ts';
import { judge } from '../refresh-verdict.ts';

const minute = 60_000;
const provider = consentProvider('tiktok');
const outage = { provider: 'tiktok', from: 100 * minute, until: 120 * minute, kind: 'refuses' } as const;

it('the verdict counts a token that was refreshed before it expired', () => {
  expect(judged([refresh({ at: 50, previousEnd: 60 })])).toMatchObject({ ends: 1, inTime: 1 });
});

it('the verdict detects a token that was refreshed too late and one that never was', () => {
  expect(judged([refresh({ at: 61, previousEnd: 60 })])).toMatchObject({ ends: 1, inTime: 0 });
  expect(judged([], { endsAt: 70 })).toMatchObject({ ends: 1, inTime: 0 });
});

it('the verdict counts tokens that expired during an outage separately', () => {
  const calls = [failure({ at: 105 }), refresh({ at: 121, previousEnd: 110 })];

  expect(judged(calls)).toMatchObject({ ends: 0, endsInOutage: 1, inTimeInOutage: 0 });
});

it('the verdict counts sweeps from the end of an outage, including one at that exact time', () => {
  const sweeps = (at: number) =>
    judged([failure({ at: 119 }), refresh({ at, previousEnd: 130 })]).sweepsToRecover;

  expect([sweeps(120.5), sweeps(121.5), sweeps(125.5)]).toEqual([1, 2, 6]);
});

it('the verdict detects a grant that its platform refuses', () => {
  expect(judged([failure({ at: 50 })]).refused).toBe(1);
});

it('the verdict detects a reader who had to wait for a refresh', () => {
  const late = { ...refresh({ at: 59, previousEnd: 60 }), caller: 'reader' };

  expect(judged([late]).leftToReaders).toBe(1);
});

it('the verdict ignores an idle connection', () => {
  expect(judged([], { endsAt: 70, use: 'idle' })).toMatchObject({ ends: 0 });
});

function refresh({ at, previousEnd }: { readonly at: number; readonly previousEnd: number }): TokenCall {
  return { ...call(at), refreshed: true, previousEnd: previousEnd * minute };
}

function failure({ at }: { readonly at: number }): TokenCall {
  return { ...call(at), refreshed: false, previousEnd: 1_000 * minute };
}

function call(at: number) {
  return { account: 1, provider: 'tiktok', caller: 'worker', at: at * minute };
}

function judged(
  calls: readonly TokenCall[],
  { endsAt = 1_000, use = 'steady' }: { readonly endsAt?: number; readonly use?: 'steady' | 'idle' } = {},
) {
  const simulation: Simulation = {
    people: [{ account: 1, tenantId: 'harbour' as TenantId, provider, lifetimeSeconds: 7_200, use }],
    began: 0,
    ended: 300 * minute,
    calls,
    outages: [outage],
    readings: [],
    endOf: () => endsAt * minute,
    consumed: {
      'setting up': nothingConsumed(),
      sweep: nothingConsumed(),
      worker: nothingConsumed(),
      reader: nothingConsumed(),
    },
    requests: {},
    sweeps: 300,
    worked: {},
    batches: 0,
    batchMilliseconds: 0,
    failedMessages: 0,
    loggedBytes: 0,
  };
  return judge(simulation);
}
