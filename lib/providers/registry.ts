/** The one list of providers, and where each of them is. Only this file imports provider files. */
import type { Endpoints } from '../oauth/server.ts';
import type { CredentialsProvider, OAuthProvider, Provider } from './definition.ts';
import { instagram, instagramFacebook } from './instagram.ts';
import { onlyfans } from './onlyfans.ts';
import { openid } from './openid.ts';
import { reddit } from './reddit.ts';
import { tiktok } from './tiktok.ts';

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
  /** Where the credentials of a provider without OAuth are shown. */
  profileUrlOf(provider: CredentialsProvider): string;
}

/**
 * The providers with their origins settled.
 * @param origins replacements by provider and origin name, from configuration.
 */
export function createRegistry(
  origins: Readonly<Record<string, Readonly<Record<string, string>>>>,
  all: readonly Provider[] = providers,
): Registry {
  const byId = new Map<string, Provider>(all.map((provider) => [provider.id, provider]));
  return {
    all,
    find: (id) => byId.get(id),
    endpointsOf(provider, settings = {}) {
      if (provider.endpoints === 'registered') return undefined;
      const resolve = resolverOf(provider, settings);
      const { authorization, token, revocation, profile, others } = provider.endpoints;
      return {
        authorization: resolve(authorization),
        token: resolve(token),
        profile: resolve(profile),
        ...(revocation !== undefined && { revocation: resolve(revocation) }),
        ...(others && {
          others: Object.fromEntries(
            Object.entries(others).map(([name, endpoint]) => [name, resolve(endpoint)]),
          ),
        }),
      };
    },
    profileUrlOf: (provider) => resolverOf(provider, {})(provider.endpoints.profile),
  };

  function resolverOf(
    provider: Provider,
    settings: Readonly<Record<string, string>>,
  ): (endpoint: string) => string {
    const known = { ...provider.origins, ...origins[provider.id] };
    return (endpoint) =>
      endpoint
        .replace(/\/\{(\w+)\}/g, (_, name: string) => `/${settingOf(provider, settings, name)}`)
        .replace(/^\{([a-z]+)\}/, (_, name: string) => known[name] ?? '');
  }
}

/** An optional setting or its default. What does not look as it must never becomes part of a URL. */
function settingOf(provider: Provider, settings: Readonly<Record<string, string>>, name: string): string {
  const optional = provider.optionalSettings?.[name];
  const value = settings[name] ?? optional?.default ?? '';
  if (!optional?.pattern.test(value)) {
    throw new Error(
      `The setting ${name} of the app for "${provider.id}" is malformed. Run \`hawser app set\`.`,
    );
  }
  return value;
}
