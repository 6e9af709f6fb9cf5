/** The stack does not know the catalogue: its template is the same, byte for byte, however many providers there are. */
import { afterEach, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.doUnmock('../../../lib/platforms/built-in.ts');
  vi.resetModules();
});

it('the stack synthesizes the same template with 2 and with 200 providers', async () => {
  const two = await templateWith(2);
  const many = await templateWith(200);

  expect(two.length).toBeGreaterThan(50_000);
  expect(many === two).toBe(true);
  expect(many).not.toMatch(/tiktok|provider-1\b/i);
});

async function templateWith(count: number): Promise<string> {
  vi.resetModules();
  vi.doMock(import('../../../lib/platforms/built-in.ts'), async (load) => {
    const { builtIn } = await load();
    const loaders = Object.values(builtIn);
    const known = Array.from({ length: count }).flatMap((_, number) => {
      const loader = loaders[number % loaders.length];
      return loader ? [[`provider-${number}`, loader] as const] : [];
    });
    return { builtIn: Object.fromEntries(known) };
  });
  const { synthesize } = await import('./synthesized.ts');
  return synthesize().text;
}
