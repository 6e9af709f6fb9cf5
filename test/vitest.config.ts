import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/campaign/**', 'node_modules/**'],
    testTimeout: 20_000,
    hookTimeout: 40_000,
    // Vitest would keep one of two cores free.
    maxWorkers: 2,
    // Real parts wait on each other, and on a busy machine one of them may wait too long. What is broken fails each time.
    retry: 2,
  },
});
