/**
 * The people of the OnlyFans sandbox, each an odd case of its own, and their `users/me`. What a client must not keep
 * is always in it.
 */
import { createHash } from 'node:crypto';
import type { JsonObject, Platform, SandboxAccount } from '../../sandbox/dialect.ts';
import type { Modes } from './modes.ts';

export interface OnlyFansAccount extends SandboxAccount {
  /** In digits; may be larger than JavaScript's safe integers. */
  readonly id: string;
  readonly performer: boolean;
  /** Whether the log-in has a second step, and so a further cookie. */
  readonly secondFactor: boolean;
}

export const accounts: readonly OnlyFansAccount[] = [
  {
    key: 'nora',
    id: '123456789',
    name: 'Nora Vale',
    handle: 'noravale',
    avatarColour: '#00738f',
    performer: true,
    secondFactor: false,
  },
  {
    key: 'fan',
    id: '20406080',
    name: '',
    handle: 'u20406080',
    performer: false,
    secondFactor: false,
  },
  {
    key: 'guarded',
    id: '31415926',
    name: 'Guarded Garden',
    handle: 'guarded.garden',
    avatarColour: '#3f6b2a',
    performer: true,
    secondFactor: true,
  },
  {
    key: 'huge',
    id: '98765432109876543210',
    name: 'Zoë Ångström 🌊',
    handle: 'zoe_angstrom',
    avatarColour: '#7a3b69',
    performer: true,
    secondFactor: false,
  },
];

/** The body of `users/me`. An id too large for a JavaScript number is left as text, to be written as a number. */
export function meOf(account: OnlyFansAccount, { avatarUrl, modes }: Platform<Modes>): JsonObject {
  const picture = avatarUrl(account, 'size=144') || null;
  return {
    ...idOf(account, modes()),
    username: account.handle,
    name: account.name,
    avatar: picture,
    avatarThumbs: picture && { c50: `${picture}&c50`, c144: `${picture}&c144` },
    header: null,
    headerThumbs: null,
    about: 'Tea & tides <3',
    isAuth: true,
    isPerformer: account.performer,
    isRealPerformer: account.performer,
    isVerified: account.performer,
    subscribersCount: account.performer ? 1_204 : null,
    postsCount: account.performer ? 87 : 0,
    photosCount: account.performer ? 310 : 0,
    videosCount: account.performer ? 22 : 0,
    favoritedCount: 9_001,
    joinDate: '2021-03-04T05:06:07+00:00',
    lastSeen: null,
    subscribePrice: account.performer ? 9.99 : 0,
    email: `${account.handle}@s4ndb0x.example`,
    creditBalance: 12.5,
    wsAuthToken: `s4ndb0x${createHash('sha256').update(account.id).digest('hex')}`,
  };
}

function idOf({ id }: OnlyFansAccount, { profile }: Modes): JsonObject {
  if (profile === 'no_id') return {};
  if (profile === 'zero_id') return { id: 0 };
  if (profile === 'other_user') return { id: 55_500_055 };
  return { id: Number.isSafeInteger(Number(id)) ? Number(id) : id };
}
