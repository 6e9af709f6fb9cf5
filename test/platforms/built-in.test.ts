import { describe, expect, it } from 'vitest';
import { providerIdPattern, type TenantId } from '../../lib/ids.ts';
import { rewriteOrigin } from '../../lib/platform-http/platform-http.ts';
import { urlsOf } from '../../lib/providers/definition/consistency.ts';
import { builtInProviders as providers, providersOf } from '../support/providers.ts';

const tenant = 'any-tenant' as TenantId;
const standard = providersOf();

/** The hosts of the platforms' own domains. */
const domains = /^https:\/\/(?:[a-z]+\.)?(?:tiktok|tiktokapis|reddit|instagram|facebook|onlyfans)\.com\//;

describe('the built-in platforms', () => {
  it('are each found once, under their ids', async () => {
    const ids = providers.map(({ id }) => id);

    expect(new Set(ids).size).toBe(ids.length);
    for (const provider of providers) {
      expect(provider.id).toMatch(providerIdPattern);
      expect(await standard.find(tenant, provider.id)).toBe(provider);
    }
    for (const id of ['', 'nobody', '__proto__', 'constructor']) {
      expect(await standard.find(tenant, id)).toBeUndefined();
    }
  });

  it.each(providers.map((provider) => [provider.id, provider] as const))(
    'row 11: name only https URLs at the own origins of %s',
    (_id, provider) => {
      const urls = urlsOf(provider.data).map(([, url]) => url);

      expect(urls.length > 0).toBe(provider.id !== 'openid');
      for (const url of urls) {
        expect(url).toMatch(/^https:\/\/[a-z0-9.-]+\//);
        expect(url).toMatch(domains);
      }
    },
  );

  it('row 1: are reached at a replacement of their origin, and no other origin is replaced', () => {
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
