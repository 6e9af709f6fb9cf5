/** What the journeys need to know of each sandbox platform: who can be chosen on its consent page, and what can be asked. */
import type { PlatformName } from './test-stack.ts';

export interface PlatformFacts {
  /** Two people with an account there, by the keys of the consent page. */
  readonly people: readonly [string, string];
  readonly required: string;
  /** A further scope that a person may leave unticked. */
  readonly optional: string;
  /** Scopes for which a platform hands out a refresh token. */
  readonly lasting: readonly string[];
  /** What a disconnect of the only connection answers, and whether the old token dies when one reconnects. */
  readonly revocation: 'revoked';
  readonly revokesReplaced: boolean;
}

/** Every platform with a consent page that the journeys walk; a new one joins by an entry here. */
export const platformFacts = {
  tiktok: {
    people: ['mira', 'jose'],
    required: 'user.info.basic',
    optional: 'user.info.stats',
    lasting: [],
    revocation: 'revoked',
    revokesReplaced: false,
  },
  reddit: {
    people: ['harbour', 'zoe'],
    required: 'identity',
    optional: 'mysubreddits',
    lasting: [],
    revocation: 'revoked',
    revokesReplaced: true,
  },
  openid: {
    people: ['ines', 'tomas'],
    required: 'openid',
    optional: 'profile',
    lasting: ['offline_access'],
    revocation: 'revoked',
    revokesReplaced: false,
  },
} as const satisfies Partial<Record<PlatformName, PlatformFacts>>;

export type JourneyPlatform = keyof typeof platformFacts;
export const platformNames = Object.keys(platformFacts) as JourneyPlatform[];

/** A scope list that is asked for and approved, with the optional one in it. */
export function scopesOf(provider: JourneyPlatform): readonly string[] {
  const { required, optional, lasting }: PlatformFacts = platformFacts[provider];
  return [required, optional, ...lasting];
}
