/** The plan of a storm: which lease holders die when, and which answers are lost. A seed determines it, so that it can be repeated. */
import { pick, seededRandom } from './random.ts';

/** When the holder of a lease dies. */
export type Death =
  | 'with the lease taken'
  | 'before the call'
  | 'in the call'
  | 'with the answer come'
  | 'with the result stored';

/** The fate of one token call. */
export type CallFate =
  /** The platform waits, then acts and answers. */
  | 'slow'
  /** The platform acts at once, and its answer arrives late. */
  | 'slow answer'
  /** The platform acts, and its answer is lost. */
  | 'lost answer';

export interface Plan {
  readonly seed: number;
  /** Whether the platform accepts a rotated token for a grace period, and its definition says so. */
  readonly grace: boolean;
  /** By the order in which leases are taken: when their holders die. */
  readonly deaths: readonly (Death | undefined)[];
  /** How far into the call a death in it comes, from 0 to 1. */
  readonly deathShare: number;
  /** By the order of the calls; all later calls are only slow. */
  readonly fates: readonly CallFate[];
}

const deaths: readonly Death[] = [
  'with the lease taken',
  'before the call',
  'in the call',
  'in the call',
  'with the answer come',
  'with the result stored',
];
const fates: readonly CallFate[] = ['slow', 'slow', 'slow answer', 'slow answer', 'lost answer'];

export const calm: Plan = { seed: 0, grace: false, deaths: [], deathShare: 0, fates: [] };

/** A plan with at least one or two deaths or losses. */
export function planOf(seed: number): Plan {
  const random = seededRandom(seed);
  const count = 1 + Math.floor(random() * 2);
  return {
    seed,
    grace: random() < 0.35,
    deaths: Array.from({ length: count }, () => (random() < 0.85 ? pick(random, deaths) : undefined)),
    deathShare: random(),
    fates: Array.from({ length: count + 1 }, () => pick(random, fates)),
  };
}
