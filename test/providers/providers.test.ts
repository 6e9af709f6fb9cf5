/** Provider lookup: built-in, then catalogue, then the tenant's own; each is loaded on first use. */
import { describe, expect, it } from 'vitest';
import type { TenantId } from '../../lib/ids.ts';
import { builtIn } from '../../lib/platforms/built-in.ts';
import { createProviders } from '../../lib/providers/providers.ts';

const tenant = 'ten_one' as TenantId;
const other = 'ten_two' as TenantId;

const dataOf = (id: string, name = id) => ({
  id,
  name,
  kind: 'oauth2',
  endpoints: { authorization: `https://${id}.example/authorize`, token: `https://${id}.example/token` },
  profile: { url: `https://${id}.example/me`, account: 'id' },
});

describe('the provider lookup', () => {
  it('lists the built-in platforms without loading any, and loads each on demand', async () => {
    const loaded: string[] = [];
    const watched = Object.fromEntries(
      Object.entries(builtIn).map(([id, load]) => [
        id,
        () => {
          loaded.push(id);
          return load();
        },
      ]),
    );
    const providers = createProviders({ builtIn: watched });

    expect(providers.builtInIds).toEqual([
      'tiktok',
      'reddit',
      'instagram',
      'instagram-facebook',
      'onlyfans',
      'openid',
    ]);
    expect(loaded).toEqual([]);
    const [one, again] = await Promise.all([
      providers.find(tenant, 'reddit'),
      providers.find(tenant, 'reddit'),
    ]);
    expect(one).toMatchObject({ id: 'reddit', consent: { accounts: 'one' } });
    expect(again).toBe(one);
    expect(loaded).toEqual(['reddit']);
  });

  it.each(builtIn ? Object.keys(builtIn) : [])('finds %s under its own id', async (id) => {
    expect((await createProviders({ builtIn }).find(tenant, id))?.id).toBe(id);
  });

  it("searches the built-in platforms, then the catalogue, then the tenant's own providers", async () => {
    const providers = createProviders({
      builtIn,
      catalogue: async (id) => (['reddit', 'harbour'].includes(id) ? dataOf(id, 'Catalogue') : undefined),
      own: async (by, id) => (by === tenant ? dataOf(id, 'Own') : undefined),
    });

    const names = await Promise.all(
      ['reddit', 'harbour', 'lighthouse'].map(async (id) => (await providers.find(tenant, id))?.name),
    );

    expect(names).toEqual(['Reddit', 'Catalogue', 'Own']);
    expect(await providers.find(other, 'lighthouse')).toBeUndefined();
  });

  it.each(['', '__proto__', 'constructor', '../reddit', 'Reddit'])('finds nothing under %j', async (id) => {
    const providers = createProviders({ builtIn, catalogue: async () => dataOf('reddit') });

    expect(await providers.find(tenant, id).catch(() => undefined)).toBeUndefined();
  });

  it('names the invalid field of an entry, and loads again after a failure', async () => {
    const answers = [{ ...dataOf('harbour'), pkce: 'plain' }, dataOf('harbour')];
    const providers = createProviders({ builtIn, catalogue: async () => answers.shift() });

    await expect(providers.find(tenant, 'harbour')).rejects.toThrow(/"harbour": pkce must be one of/);
    expect((await providers.find(tenant, 'harbour'))?.name).toBe('harbour');
  });

  it('refuses session-based providers from data, because only code can read a session', async () => {
    const session = {
      id: 'lodge',
      name: 'Lodge',
      kind: 'session',
      credentials: { fields: [{ id: 'cookie', label: 'Cookie' }] },
      probeUrl: 'https://lodge.example/me',
    };

    await expect(
      createProviders({ builtIn, catalogue: async () => session }).find(tenant, 'lodge'),
    ).rejects.toThrow(/kind needs code of its own/);
  });
});
