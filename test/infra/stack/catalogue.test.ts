/** The stack does not know the catalogue: its template is the same, byte for byte, however many providers there are. */
import { afterEach, expect, it, vi } from 'vitest';
import type { ProviderId } from '../../../lib/ids.ts';
import { providers } from '../../../lib/platforms/registry.ts';

afterEach(() => {
  vi.doUnmock('../../../lib/platforms/registry.ts');
  vi.resetModules();
});

it('the stack synthesizes the same template with 2 and with 200 providers', async () => {
  const two = await templateWith(2);
  const many = await templateWith(200);

  expect(two.length).toBeGreaterThan(50_000);
  expect(many === two).toBe(true);
  expect(many).not.toMatch(/tiktok|provider-1\b/i);
});

/** The template's text, synthesized by freshly loaded modules that see this number of providers. */
async function templateWith(count: number): Promise<string> {
  vi.resetModules();
  vi.doMock(import('../../../lib/platforms/registry.ts'), async (load) => {
    const real = await load();
    const known = Array.from({ length: count }).flatMap((_, number) => {
      const pattern = providers[number % providers.length];
      return pattern ? [{ ...pattern, id: `provider-${number}` as ProviderId }] : [];
    });
    return { ...real, providers: known };
  });
  const { synthesize } = await import('./synthesized.ts');
  return synthesize().text;
}
