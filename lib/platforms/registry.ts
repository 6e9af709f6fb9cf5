/**
 * The built-in providers, loaded at once. It stands only until every caller asks {@link createProviders}, which loads
 * one at a time and knows the catalogue and tenants' own providers.
 */
import type { Endpoints } from '../oauth/server.ts';
import { endpointsOf } from '../providers/adapter/fill.ts';
import type { OAuthProvider, Provider } from '../providers/provider.ts';
import { instagram, instagramFacebook } from './instagram/definition.ts';
import { onlyfans } from './onlyfans/definition.ts';
import { openid } from './openid/definition.ts';
import { reddit } from './reddit/definition.ts';
import { tiktok } from './tiktok/definition.ts';

/** Every built-in provider. */
export const providers: readonly Provider[] = [
  tiktok,
  reddit,
  instagram,
  instagramFacebook,
  onlyfans,
  openid,
];

export interface Registry {
  /** Every provider, in the order in which they are shown. */
  readonly all: readonly Provider[];
  find(id: string): Provider | undefined;
  /**
   * A provider's endpoints as full URLs; nothing for one whose endpoints come with the app's registration.
   * @param settings the app's; an optional one that is missing has its default.
   */
  endpointsOf(provider: OAuthProvider, settings?: Readonly<Record<string, string>>): Endpoints | undefined;
}

export function createRegistry(all: readonly Provider[] = providers): Registry {
  const byId = new Map<string, Provider>(all.map((provider) => [provider.id, provider]));
  return {
    all,
    find: (id) => byId.get(id),
    endpointsOf: (provider, settings = {}) => endpointsOf(provider.data, settings),
  };
}
