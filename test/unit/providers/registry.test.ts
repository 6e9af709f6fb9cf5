/** The registry: every provider there is, at its own origins unless configuration says otherwise. */
import { describe, expect, it } from 'vitest';
import { providerIdPattern } from '../../../lib/ids.ts';
import type { Provider } from '../../../lib/providers/definition.ts';
import { createRegistry, providers, type Registry } from '../../../lib/providers/registry.ts';

const standard = createRegistry({});

/** Every URL of a provider whose endpoints do not come with the app's registration. */
function urlsOf(registry: Registry, provider: Provider): readonly string[] {
  if (provider.auth === 'credentials') return [registry.profileUrlOf(provider)];
  const { others = {}, ...endpoints } = registry.endpointsOf(provider) ?? {};
  return [...Object.values(endpoints), ...Object.values(others)];
}

function oauthProvider(id: string) {
  const provider = standard.find(id);
  if (provider?.auth !== 'oauth2') throw new Error(`There is no OAuth provider ${id}.`);
  return provider;
}

describe('the registry', () => {
  it('holds each provider once, under its id', () => {
    const ids = providers.map(({ id }) => id);

    expect(new Set(ids).size).toBe(ids.length);
    for (const provider of providers) {
      expect(provider.id).toMatch(providerIdPattern);
      expect(standard.find(provider.id)).toBe(provider);
    }
    for (const id of ['', 'nobody', '__proto__', 'constructor']) expect(standard.find(id)).toBeUndefined();
  });

  it.each(providers.map((provider) => [provider.id, provider] as const))(
    'row 11: reaches %s over https alone, at its own origins',
    (_id, provider) => {
      const urls = urlsOf(standard, provider);

      expect(urls.length > 0).toBe(provider.endpoints !== 'registered');
      for (const url of urls) {
        expect(url).toMatch(/^https:\/\/[a-z0-9.-]+\//);
        expect(Object.values(provider.origins)).toContain(new URL(url).origin);
      }
    },
  );

  it('row 1: moves the origins of one provider, and of no other', () => {
    const moved = createRegistry({ tiktok: { api: 'http://127.0.0.1:9999' } });
    const [tiktok, reddit] = [oauthProvider('tiktok'), oauthProvider('reddit')];

    expect(moved.endpointsOf(tiktok)).toMatchObject({
      authorization: 'https://www.tiktok.com/v2/auth/authorize/',
      token: 'http://127.0.0.1:9999/v2/oauth/token/',
    });
    expect(moved.endpointsOf(reddit)).toEqual(standard.endpointsOf(reddit));
  });
});
