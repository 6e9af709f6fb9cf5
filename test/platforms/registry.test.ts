/** The registry: it holds each built-in provider once, at its own origins unless the configuration overrides them. */
import { describe, expect, it } from 'vitest';
import { providerIdPattern } from '../../lib/ids.ts';
import { rewriteOrigin } from '../../lib/platform-http/platform-http.ts';
import { createRegistry, providers } from '../../lib/platforms/registry.ts';
import { urlsOf } from '../../lib/providers/definition/consistency.ts';

const standard = createRegistry();

/** The hosts of the platforms' own domains. */
const domains = /^https:\/\/(?:[a-z]+\.)?(?:tiktok|tiktokapis|reddit|instagram|facebook|onlyfans)\.com\//;

describe('the registry of providers', () => {
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
    'row 11: reaches %s over https only, at its own origins',
    (_id, provider) => {
      const urls = urlsOf(provider.data).map(([, url]) => url);

      expect(urls.length > 0).toBe(provider.id !== 'openid');
      for (const url of urls) {
        expect(url).toMatch(/^https:\/\/[a-z0-9.-]+\//);
        expect(url).toMatch(domains);
      }
    },
  );

  it('row 1: overrides the origins of one provider, and of no other', () => {
    const origins = { 'https://open.tiktokapis.com': 'http://127.0.0.1:9999' };
    const moved = (url: string) => rewriteOrigin(url, origins).href;

    expect(moved('https://www.tiktok.com/v2/auth/authorize/')).toBe(
      'https://www.tiktok.com/v2/auth/authorize/',
    );
    expect(moved('https://open.tiktokapis.com/v2/oauth/token/?a=b')).toBe(
      'http://127.0.0.1:9999/v2/oauth/token/?a=b',
    );
    for (const url of [
      'https://open.tiktokapis.com.evil.example/',
      'https://evil.example/open.tiktokapis.com',
    ])
      expect(moved(url)).toBe(url);
  });
});
