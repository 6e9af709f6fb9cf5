import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/campaign/**/*.test.ts'],
    testTimeout: 3_600_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 180_000 } },
  },
});
