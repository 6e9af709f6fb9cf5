/** The professional accounts of the Instagram sandboxes, the Facebook users and the Pages that some hang on. */
import { createHash } from 'node:crypto';
import type { JsonObject, SandboxAccount } from '../../sandbox/dialect.ts';

export interface ProfessionalAccount extends SandboxAccount {
  /** The professional account's id, the same for every app. */
  readonly igId: string;
  readonly accountType: 'BUSINESS' | 'MEDIA_CREATOR';
  readonly followers: number;
  readonly follows: number;
  readonly media: number;
}

export const professionals: readonly ProfessionalAccount[] = [
  {
    key: 'saltmarsh',
    name: 'Saltmarsh Bakery',
    handle: 'saltmarsh.bakery',
    avatarColour: '#a8431f',
    igId: '17841405793187218',
    accountType: 'BUSINESS',
    followers: 18_422,
    follows: 311,
    media: 902,
  },
  {
    key: 'yuki',
    name: '早川 ゆき ✿',
    handle: 'yuki_hayakawa.ink',
    avatarColour: '#3d5a80',
    igId: '17841400000000001',
    accountType: 'MEDIA_CREATOR',
    followers: 1_204,
    follows: 87,
    media: 56,
  },
  {
    key: 'ferry',
    name: 'Ærø Ferry & Café',
    handle: 'aeroe.ferry',
    igId: '17841460000000777',
    accountType: 'BUSINESS',
    followers: 0,
    follows: 0,
    media: 0,
  },
];

export interface Page {
  readonly id: string;
  readonly name: string;
  /** Key of the professional account that is linked to it. */
  readonly linked?: string;
}

export interface FacebookUser extends SandboxAccount {
  readonly pages: readonly Page[];
}

export const facebookUsers: readonly FacebookUser[] = [
  {
    key: 'greta',
    name: 'Greta Saltmarsh',
    handle: 'two Pages with Instagram, one without',
    avatarColour: '#1877f2',
    pages: [
      { id: '104520000000011', name: 'Saltmarsh Bakery', linked: 'saltmarsh' },
      { id: '104520000000012', name: 'Saltmarsh Village Fair' },
      { id: '104520000000013', name: 'Ærø Ferry & Café', linked: 'ferry' },
    ],
  },
  {
    key: 'haruto',
    name: '早川 陽翔',
    handle: 'one Page with Instagram',
    avatarColour: '#5b3f8c',
    pages: [{ id: '104520000000021', name: 'Hayakawa Ink', linked: 'yuki' }],
  },
  {
    key: 'pageless',
    name: 'Nils Uden Side',
    handle: 'a Page, but no Instagram on it',
    pages: [{ id: '104520000000031', name: 'Nils mows lawns' }],
  },
];

/** The id of the professional account of that key; any other text is an id already. */
export function professionalId(account: string): string {
  return professionals.find(({ key }) => key === account)?.igId ?? account;
}

/** A user's id as one app sees it: decimal, and too large for a JavaScript number. */
export function appScopedId(key: string, clientId: string): string {
  const digest = createHash('sha256').update(`${clientId}\n${key}`).digest();
  return `2${(digest.readBigUInt64BE() % 10n ** 16n).toString().padStart(16, '0')}`;
}

/** The API's fields of a professional account; the ids depend on the login flavour. */
export function professionalFields(account: ProfessionalAccount, picture: string): JsonObject {
  return {
    username: account.handle,
    name: account.name,
    profile_picture_url: picture === '' ? undefined : picture,
    followers_count: account.followers,
    follows_count: account.follows,
    media_count: account.media,
  };
}
